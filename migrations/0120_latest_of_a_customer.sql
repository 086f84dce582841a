-- The latest that hangs on one customer is found by that customer: beside an index in the order of time alone, SQLite walked everybody's.

DROP INDEX customers_by_referrer;
CREATE INDEX customers_by_referrer ON customers (organization_id, referred_by_id, created_at, id);
DROP INDEX service_interests_by_customer;
CREATE INDEX service_interests_by_customer ON service_interests (organization_id, customer_id, raised_at, id);
DROP INDEX rescue_cases_by_customer;
CREATE INDEX rescue_cases_by_customer ON rescue_cases (organization_id, customer_id, created_at, id);
DROP INDEX nps_responses_by_customer;
CREATE INDEX nps_responses_by_customer ON nps_responses (organization_id, customer_id, responded_at, id);
DROP INDEX notes_by_customer;
CREATE INDEX notes_by_customer ON notes (organization_id, customer_id, occurred_at, id);
