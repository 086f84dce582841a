-- Why and how calls are made: purpose, who takes part, when to call again, what to talk about.
CREATE TABLE programs (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT,
    status TEXT NOT NULL,
    ready_made BOOLEAN NOT NULL,
    starts_on DATE,
    ends_on DATE,
    participants JSONB NOT NULL,
    segments JSONB NOT NULL,
    retry_policy JSONB NOT NULL,
    talking_points TEXT,
    release_after_days BIGINT,
    name_key TEXT NOT NULL,
    starts_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX programs_by_name ON programs (organization_id, name_key, id);
CREATE INDEX programs_by_start ON programs (organization_id, starts_key, id);
CREATE INDEX programs_by_creation ON programs (organization_id, created_at, id);
CREATE INDEX programs_by_update ON programs (organization_id, updated_at, id);
