-- Whoever has many customers reads what left by when it left, not customer by customer.

CREATE INDEX sync_departures_in_order ON sync_departures (organization_id, departed);
