-- Named ways to choose customers that an organization keeps: a ready-made one with parameters, or a filter.
CREATE TABLE segments (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    ready_made TEXT,
    parameters JSONB NOT NULL,
    filter JSONB,
    name_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX segments_by_name ON segments (organization_id, name_key);
