-- Whom each executive is to call on each day, as it was prepared the evening before: one list, however many instances prepare it.
CREATE TABLE call_lists (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    list_on DATE NOT NULL,
    entries JSONB NOT NULL,
    moved_on JSONB NOT NULL,
    quota BIGINT NOT NULL,
    day_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE UNIQUE INDEX call_lists_by_user ON call_lists (organization_id, user_id, list_on);
CREATE INDEX call_lists_by_day ON call_lists (organization_id, day_key, id);
CREATE INDEX call_lists_by_creation ON call_lists (organization_id, created_at, id);
