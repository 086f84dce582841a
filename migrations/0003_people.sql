-- The people of an organization.
CREATE TABLE users (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    title TEXT,
    department TEXT,
    manager_id UUID,
    phone TEXT,
    time_zone TEXT,
    city TEXT,
    country TEXT,
    hired_on DATE,
    invited_at TIMESTAMPTZ,
    joined_at TIMESTAMPTZ,
    password_changed_at TIMESTAMPTZ,
    password_reset_requested_at TIMESTAMPTZ,
    password_reset_offered_at TIMESTAMPTZ,
    signed_out_at TIMESTAMPTZ,
    name_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, email)
);
CREATE INDEX users_by_email ON users (email);
CREATE INDEX users_by_name ON users (organization_id, name_key, id);
CREATE INDEX users_by_address ON users (organization_id, email, id);
CREATE INDEX users_by_creation ON users (organization_id, created_at, id);
CREATE INDEX users_by_change ON users (organization_id, updated_at, id);
CREATE INDEX users_by_manager ON users (organization_id, manager_id);

-- What proves that a user is who they say; apart from users, so that no view can show it.
CREATE TABLE credentials (
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,
    password_hash TEXT,
    tokens_valid_from TIMESTAMPTZ,
    PRIMARY KEY (organization_id, user_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);

-- Links for invitation and password reset; only a hash of what is in the link.
CREATE TABLE user_links (
    organization_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    user_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (organization_id, token_hash),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE INDEX user_links_by_hash ON user_links (token_hash);
CREATE INDEX user_links_by_user ON user_links (organization_id, user_id);

-- Refresh tokens rotate; a family is one signing-in on one device. An unused successor whose answer was lost is replaced; a family that two parties hold is revoked.
CREATE TABLE refresh_tokens (
    organization_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    family_id UUID NOT NULL,
    user_id UUID NOT NULL,
    parent_hash BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    replaced_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (organization_id, token_hash),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE INDEX refresh_tokens_by_hash ON refresh_tokens (token_hash);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (organization_id, family_id);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (organization_id, user_id);
CREATE INDEX refresh_tokens_by_parent ON refresh_tokens (organization_id, parent_hash);

-- Keys for scripts and dashboards; only the hash of the secret.
CREATE TABLE api_keys (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    permissions JSONB,
    secret_hash BYTEA NOT NULL,
    hint TEXT NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ,
    created_by UUID,
    created_by_key UUID,
    name_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX api_keys_by_secret ON api_keys (secret_hash);
CREATE INDEX api_keys_by_name ON api_keys (organization_id, name_key, id);
CREATE INDEX api_keys_by_creation ON api_keys (organization_id, created_at, id);
CREATE INDEX api_keys_by_maker ON api_keys (organization_id, created_by);
CREATE INDEX api_keys_by_making_key ON api_keys (organization_id, created_by_key);

-- Wrong passwords, counted per account and per address, so that all instances share the limit.
CREATE TABLE login_failures (
    id UUID NOT NULL,
    part BIGINT NOT NULL,
    limit_key TEXT NOT NULL,
    failed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id, part)
);
CREATE INDEX login_failures_by_key ON login_failures (limit_key, failed_at);
