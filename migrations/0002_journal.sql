-- One row per changed record: who, when, from where, which fields from what to what. Written in one place, read by many.
CREATE TABLE journal (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    revision BIGINT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    client TEXT,
    address TEXT,
    request_id UUID,
    kind TEXT NOT NULL,
    record_id UUID NOT NULL,
    verb TEXT NOT NULL,
    customer_id UUID,
    changes JSONB NOT NULL,
    PRIMARY KEY (organization_id, revision)
);
CREATE INDEX journal_by_record ON journal (organization_id, record_id, revision);
CREATE INDEX journal_by_customer ON journal (organization_id, customer_id, revision);
CREATE INDEX journal_by_actor ON journal (organization_id, actor_id, revision);
CREATE INDEX journal_by_time ON journal (organization_id, recorded_at, revision);

-- Answers kept for repeated requests, in the transaction of the change itself.
CREATE TABLE idempotency_records (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    scope TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status BIGINT NOT NULL,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, scope)
);
CREATE INDEX idempotency_records_by_age ON idempotency_records (created_at);

-- Words of records that have any number of them (tags, services), folded, so that a list is narrowed by an index.
CREATE TABLE record_labels (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    record_id UUID NOT NULL,
    PRIMARY KEY (organization_id, kind, label, record_id)
);
CREATE INDEX record_labels_by_record ON record_labels (organization_id, record_id);
