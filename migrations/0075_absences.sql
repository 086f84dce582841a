-- When users are away, as they or their managers say; with public holidays and weekends it tells who works on a day.
CREATE TABLE absences (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    kind TEXT NOT NULL,
    note TEXT,
    starts_key TEXT NOT NULL,
    ends_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE INDEX absences_by_user ON absences (organization_id, user_id, ends_on);
CREATE INDEX absences_by_start ON absences (organization_id, starts_key, id);
CREATE INDEX absences_by_end ON absences (organization_id, ends_key, id);
CREATE INDEX absences_by_creation ON absences (organization_id, created_at, id);
CREATE INDEX absences_by_update ON absences (organization_id, updated_at, id);

-- Whose public holidays and which weekdays hold for a user: their own region, else the organization's; none known where neither says one.
ALTER TABLE organizations ADD COLUMN holiday_region TEXT;
ALTER TABLE organizations ADD COLUMN working_weekdays JSONB;
ALTER TABLE users ADD COLUMN holiday_region TEXT;
