-- Reminders look through all organizations for what is due at a time: promised calls, promises to customers, open action items.
CREATE INDEX assignments_of_callbacks ON assignments (callback_promised_at) WHERE callback_promised_at IS NOT NULL;
CREATE INDEX action_items_of_promises ON action_items (promise_key) WHERE customer_told_at IS NULL AND promised;
CREATE INDEX notifications_by_record ON notifications (organization_id, about_id, kind, created_at) WHERE about_id IS NOT NULL;
CREATE INDEX action_items_to_do ON action_items (due_key) WHERE status IN ('open', 'in_progress', 'waiting');
