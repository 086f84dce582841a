-- The wall of praise reads the notes that praise somebody, the latest first.
CREATE INDEX notes_of_praise ON notes (organization_id, occurred_at, id) WHERE kind = 'praise';
