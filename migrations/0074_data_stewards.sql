-- Who looks after data that calls have shown to be wrong: a person, or a department.
ALTER TABLE organizations ADD COLUMN data_steward_id UUID;
ALTER TABLE organizations ADD COLUMN data_steward_department TEXT;
