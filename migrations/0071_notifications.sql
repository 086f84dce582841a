-- What people are told of by itself: praise, promises that are due, what was prepared for them.
CREATE TABLE notifications (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    occasion TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    about_kind TEXT,
    about_id UUID,
    read_at TIMESTAMPTZ,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
-- Telling somebody twice of the same is telling them once.
CREATE UNIQUE INDEX notifications_once ON notifications (organization_id, user_id, occasion);
CREATE INDEX notifications_by_user ON notifications (organization_id, user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (organization_id, user_id, created_at, id) WHERE read_at IS NULL;

-- How each user wants to be told, where they have said so.
CREATE TABLE notification_preferences (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    mail JSONB NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, id) REFERENCES users (organization_id, id)
);
