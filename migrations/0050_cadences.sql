-- How often customers are to be spoken with: for those of a tag, or (without one) for all others.
CREATE TABLE cadences (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    tag TEXT,
    ideal_days BIGINT NOT NULL,
    longest_days BIGINT NOT NULL,
    reviews_per_year BIGINT NOT NULL,
    tag_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX cadences_by_tag ON cadences (organization_id, tag_key);
CREATE INDEX cadences_by_ideal ON cadences (organization_id, ideal_days, id);
CREATE INDEX cadences_by_longest ON cadences (organization_id, longest_days, id);
CREATE INDEX cadences_by_creation ON cadences (organization_id, created_at, id);
CREATE INDEX cadences_by_update ON cadences (organization_id, updated_at, id);
