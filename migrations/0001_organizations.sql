-- Tenants: everything belongs to exactly one. The revision numbers its writes.
CREATE TABLE organizations (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    time_zone TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- What an installation keeps secret and shares between its instances.
CREATE TABLE installation_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL
);

-- The keys that sign access tokens; the newest signs, all verify.
CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    seed BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
