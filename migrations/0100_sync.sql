-- Which customers are on whose device, by which of their records, since which revision and until which: written in the unit that gives
-- a customer to an executive or takes it away, so that a pull costs what changed and not what exists.
-- For what all who call have in common (programs and what to talk about) the organization itself stands in a customer's place, by the
-- user's own record. `since` is when it came first. What left is kept: a device in the midst of reading may stand long ago.
CREATE TABLE working_sets (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    user_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    kind TEXT NOT NULL,
    record_id UUID NOT NULL,
    held BOOLEAN NOT NULL,
    since BIGINT NOT NULL,
    entered BIGINT NOT NULL,
    departed BIGINT,
    PRIMARY KEY (organization_id, user_id, customer_id, kind, record_id)
);

-- Single records that went to another customer or another owner: whoever had them is told to remove them.
CREATE TABLE sync_departures (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    audience_id UUID NOT NULL,
    departed BIGINT NOT NULL,
    kind TEXT NOT NULL,
    record_id UUID NOT NULL,
    PRIMARY KEY (organization_id, audience_id, departed, kind, record_id)
);

-- What devices have sent and what became of it, so that what is sent twice is done once.
CREATE TABLE sync_mutations (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    user_id UUID NOT NULL,
    client_id TEXT NOT NULL,
    mutation_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status TEXT NOT NULL,
    conflicts JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, user_id, client_id, mutation_id)
);
CREATE INDEX sync_mutations_by_age ON sync_mutations (created_at);

-- Another one after a restored backup: devices that know of writes which are gone start afresh.
ALTER TABLE organizations ADD COLUMN epoch BIGINT NOT NULL DEFAULT 1;

CREATE INDEX action_items_by_owner_and_revision ON action_items (organization_id, owner_id, revision);
CREATE INDEX programs_by_revision ON programs (organization_id, revision);
CREATE INDEX talking_points_by_revision ON talking_points (organization_id, revision);

-- Everybody's working set as it is. Whose role places no calls holds what was theirs before, though not on a device.
INSERT INTO working_sets (organization_id, user_id, customer_id, kind, record_id, held, since, entered)
    SELECT organization_id, id, organization_id, 'user', id, TRUE, revision, revision FROM users
    WHERE role IN ('admin', 'manager', 'executive');
INSERT INTO working_sets (organization_id, user_id, customer_id, kind, record_id, held, since, entered, departed)
    SELECT assignments.organization_id, assignments.assignee_id, assignments.customer_id, 'assignment', assignments.id, TRUE,
        assignments.revision, assignments.revision,
        CASE WHEN users.role IN ('admin', 'manager', 'executive') THEN NULL ELSE assignments.revision END
    FROM assignments JOIN users ON users.organization_id = assignments.organization_id AND users.id = assignments.assignee_id
    WHERE assignments.status <> 'canceled' OR assignments.attempts_made > 0;
