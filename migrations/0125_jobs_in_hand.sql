-- What is in somebody's hand is looked at every few seconds by every instance: whether it still gives signs of life.
CREATE INDEX jobs_in_hand ON jobs (organization_id, id) WHERE lease_token IS NOT NULL;
