-- Tenants: everything belongs to exactly one. A record of its own; `last_revision` numbers the writes of the whole organization.
CREATE TABLE organizations (
    organization_id UUID NOT NULL CHECK (organization_id = id),
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    time_zone TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    last_revision BIGINT NOT NULL DEFAULT 0,
    UNIQUE (organization_id, id)
);

-- What an installation keeps secret and shares between its instances.
CREATE TABLE installation_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL
);

-- The keys that sign access tokens; the newest signs, all verify: a retired one until its last token has long expired.
CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    seed BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ
);
