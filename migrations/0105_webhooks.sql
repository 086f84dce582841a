-- Where an organization wants to hear of events, what is to be delivered there, and each try.
CREATE TABLE webhook_endpoints (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    types JSONB NOT NULL,
    status TEXT NOT NULL,
    disabled_because TEXT,
    previous_secret_until TIMESTAMPTZ,
    secret_made_at TIMESTAMPTZ NOT NULL,
    secret BYTEA NOT NULL,
    previous_secret BYTEA,
    name_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX webhook_endpoints_by_name ON webhook_endpoints (organization_id, name_key, id);
CREATE INDEX webhook_endpoints_by_creation ON webhook_endpoints (organization_id, created_at, id);

-- How far each endpoint has come in the journal: it moves too often to be a change of the endpoint.
CREATE TABLE webhook_places (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    endpoint_id UUID NOT NULL,
    place BIGINT NOT NULL,
    -- Up to this event everything is delivered once more.
    again_until BIGINT NOT NULL,
    -- Since when nothing was taken there; null where the last try went well.
    failing_since TIMESTAMPTZ,
    PRIMARY KEY (organization_id, endpoint_id)
);

CREATE TABLE webhook_deliveries (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When somebody may take it up: its time while it is pending, the end of the lease while it is under way, never once it has ended.
    due_at TIMESTAMPTZ,
    lease_token UUID,
    status_code BIGINT,
    error TEXT,
    finished_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, endpoint_id, sequence)
);
CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (organization_id, endpoint_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_creation ON webhook_deliveries (organization_id, created_at, id);
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (organization_id, status, created_at, id);
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE webhook_tries (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    delivery_id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    number BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    milliseconds BIGINT NOT NULL,
    status_code BIGINT,
    error TEXT,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX webhook_tries_by_delivery ON webhook_tries (organization_id, delivery_id, started_at);
CREATE INDEX webhook_tries_by_endpoint ON webhook_tries (organization_id, endpoint_id);
CREATE INDEX webhook_tries_by_time ON webhook_tries (started_at);
