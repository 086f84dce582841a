-- Pairs of customers that may be one and the same: how likely it is, why, and what people decided of them.
CREATE TABLE duplicates (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    other_id UUID NOT NULL,
    score BIGINT NOT NULL,
    reasons JSONB NOT NULL,
    status TEXT NOT NULL,
    dismissed_at TIMESTAMPTZ,
    dismissed_by UUID,
    dismissed_reason TEXT,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX duplicates_by_pair ON duplicates (organization_id, customer_id, other_id);
CREATE INDEX duplicates_by_other ON duplicates (organization_id, other_id);
CREATE INDEX duplicates_by_score ON duplicates (organization_id, score, id);
CREATE INDEX duplicates_by_creation ON duplicates (organization_id, created_at, id);
CREATE INDEX duplicates_by_update ON duplicates (organization_id, updated_at, id);

-- What customers are found by, as numbers that tell nothing of them: whoever shares one is compared.
CREATE TABLE duplicate_keys (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    customer_id UUID NOT NULL,
    block BIGINT NOT NULL,
    PRIMARY KEY (organization_id, block, customer_id)
);
CREATE INDEX duplicate_keys_by_customer ON duplicate_keys (organization_id, customer_id);

-- How far an organization's journal has been read by those who look for duplicates.
CREATE TABLE duplicate_searches (
    organization_id UUID NOT NULL PRIMARY KEY REFERENCES organizations (id),
    read_to BIGINT NOT NULL
);
