-- The customers that come to a device next, and those that leave it next, a page at a time.
CREATE INDEX working_sets_by_entered ON working_sets (organization_id, user_id, entered) WHERE departed IS NULL;
CREATE INDEX working_sets_by_departed ON working_sets (organization_id, user_id, departed) WHERE departed IS NOT NULL;
