-- Numbers that were passed over when an epoch began: whoever stands among them knows a life of the database that is gone.
CREATE TABLE epoch_gaps (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    begins_after BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, begins_after)
);
