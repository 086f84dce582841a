-- Since when an assignment is its executive's, and whose it was before: who takes it over is not charged with what came earlier, and
-- whoever gives it away sees it leave their calendar.
ALTER TABLE assignments ADD COLUMN assigned_at TIMESTAMPTZ;
ALTER TABLE assignments ADD COLUMN previous_assignee_id UUID;
UPDATE assignments SET assigned_at = created_at;
CREATE INDEX assignments_by_previous_assignee ON assignments (organization_id, previous_assignee_id, assigned_at, id);
