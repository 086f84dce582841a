-- What happened to customers elsewhere: support cases, purchases, referrals, news, interactions that they began.
CREATE TABLE signals (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT,
    occurred_at TIMESTAMPTZ NOT NULL,
    title TEXT,
    detail TEXT,
    topic TEXT,
    amount JSONB,
    status TEXT,
    closed_at TIMESTAMPTZ,
    source_url TEXT,
    worth_congratulating BOOLEAN NOT NULL,
    user_id UUID,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);
CREATE UNIQUE INDEX signals_by_external_id ON signals (organization_id, kind, external_id);
CREATE INDEX signals_by_customer ON signals (organization_id, customer_id, occurred_at, id);
CREATE INDEX signals_by_time ON signals (organization_id, occurred_at, id);
CREATE INDEX signals_by_creation ON signals (organization_id, created_at, id);
CREATE INDEX signals_by_update ON signals (organization_id, updated_at, id);
CREATE INDEX signals_by_kind ON signals (organization_id, kind, occurred_at, id);
CREATE INDEX signals_by_outside_id ON signals (organization_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX signals_by_user ON signals (organization_id, user_id, occurred_at, id) WHERE user_id IS NOT NULL;
