-- When a program's lists are prepared, and how slowly it begins; and what was closed between two times, which reports look for.
ALTER TABLE programs ADD COLUMN lists_at TEXT;
ALTER TABLE programs ADD COLUMN ramp_up_weeks BIGINT;
CREATE INDEX assignments_by_closing ON assignments (organization_id, closed_at) WHERE closed_at IS NOT NULL;
