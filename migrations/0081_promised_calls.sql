-- Which calls were promised for when, for the report on promised call-backs.
CREATE INDEX attempts_by_promise ON attempts (organization_id, callback_promised_at, id) WHERE callback_promised_at IS NOT NULL;
