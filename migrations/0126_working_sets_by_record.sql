-- Whose device an assignment was on once is asked by the assignment: its customer may be another one by now.
CREATE INDEX working_sets_by_record ON working_sets (organization_id, record_id, user_id);
