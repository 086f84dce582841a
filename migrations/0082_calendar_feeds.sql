-- Secret addresses under which calendar programs read a user's calls. Only the hash of a secret is kept.
CREATE TABLE calendar_feeds (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    user_id UUID NOT NULL,
    revoked_at TIMESTAMPTZ,
    secret_hash BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE UNIQUE INDEX calendar_feeds_by_secret ON calendar_feeds (secret_hash);
CREATE INDEX calendar_feeds_by_creation ON calendar_feeds (organization_id, created_at, id);
CREATE INDEX calendar_feeds_by_user ON calendar_feeds (organization_id, user_id, created_at, id);
