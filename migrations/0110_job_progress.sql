-- How far long work has come and what has come of it so far: written in the unit of each portion, so that it never tells of what was rolled back.
ALTER TABLE jobs ADD COLUMN processed_bytes BIGINT;
ALTER TABLE jobs ADD COLUMN total_bytes BIGINT;
ALTER TABLE jobs ADD COLUMN processed_rows BIGINT;
ALTER TABLE jobs ADD COLUMN total_rows BIGINT;
ALTER TABLE jobs ADD COLUMN estimated_end_at TIMESTAMPTZ;
ALTER TABLE jobs ADD COLUMN result JSONB;
