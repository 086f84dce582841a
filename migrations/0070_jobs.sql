-- Work that is done later, or again when it fails: what, when, who has it in hand, and what became of it.
CREATE TABLE jobs (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    unique_key TEXT,
    payload JSONB NOT NULL,
    status TEXT NOT NULL,
    run_at TIMESTAMPTZ NOT NULL,
    attempts BIGINT NOT NULL,
    attempt_limit BIGINT NOT NULL,
    error TEXT,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    lease_token UUID,
    -- When somebody may take it up: its time while it is queued, the end of the lease while it runs, never once it has ended.
    due_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX jobs_by_key ON jobs (organization_id, kind, unique_key);
CREATE INDEX jobs_by_due ON jobs (organization_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_by_time ON jobs (organization_id, run_at, id);
CREATE INDEX jobs_by_creation ON jobs (organization_id, created_at, id);
CREATE INDEX jobs_by_update ON jobs (organization_id, updated_at, id);
CREATE INDEX jobs_by_status ON jobs (organization_id, status, run_at);
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
