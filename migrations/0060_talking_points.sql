-- What to talk about on a call: a text with personal fields, which programs name.
CREATE TABLE talking_points (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT,
    text TEXT NOT NULL,
    version BIGINT NOT NULL,
    ready_made BOOLEAN NOT NULL,
    name_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX talking_points_by_name ON talking_points (organization_id, name_key, id);
CREATE INDEX talking_points_by_creation ON talking_points (organization_id, created_at, id);
CREATE INDEX talking_points_by_update ON talking_points (organization_id, updated_at, id);

-- Every text that talking points had, so that a brief can say which one it shows. Only ever added to.
CREATE TABLE talking_points_versions (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    talking_points_id UUID NOT NULL,
    version BIGINT NOT NULL,
    text TEXT NOT NULL,
    written_by UUID,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, talking_points_id) REFERENCES talking_points (organization_id, id)
);
CREATE UNIQUE INDEX talking_points_versions_by_number ON talking_points_versions (organization_id, talking_points_id, version);

-- A program names its talking points; it had a text of its own before.
ALTER TABLE programs ADD COLUMN talking_points_id UUID;
ALTER TABLE programs DROP COLUMN talking_points;
