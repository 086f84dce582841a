-- Bulk assignments, so that each can be looked at and undone in one call.
CREATE TABLE assignment_batches (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    created_by UUID,
    assignments BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    status TEXT NOT NULL,
    reverted_at TIMESTAMPTZ,
    reverted BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX assignment_batches_by_creation ON assignment_batches (organization_id, created_at, id);

-- A customer whom one executive is to call, within a program.
CREATE TABLE assignments (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    program_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    assignee_id UUID NOT NULL,
    due_on DATE,
    scheduled_for TIMESTAMPTZ,
    priority TEXT NOT NULL,
    reason TEXT,
    status TEXT NOT NULL,
    snoozed_until TIMESTAMPTZ,
    attempts_made BIGINT NOT NULL,
    last_attempt_at TIMESTAMPTZ,
    callback_promised_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ,
    closed_reason TEXT,
    batch_id UUID,
    due_key TEXT NOT NULL,
    scheduled_key TIMESTAMPTZ NOT NULL,
    priority_key BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, program_id) REFERENCES programs (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, assignee_id) REFERENCES users (organization_id, id)
);
-- One open assignment per customer and program: the net below the check in the unit.
CREATE UNIQUE INDEX assignments_open ON assignments (organization_id, customer_id, program_id) WHERE status IN ('queued', 'scheduled');
CREATE INDEX assignments_by_due_date ON assignments (organization_id, due_key, id);
CREATE INDEX assignments_open_by_due_date ON assignments (organization_id, due_key, id) WHERE status IN ('queued', 'scheduled');
CREATE INDEX assignments_open_by_schedule ON assignments (organization_id, scheduled_key, id) WHERE status IN ('queued', 'scheduled');
CREATE INDEX assignments_by_schedule ON assignments (organization_id, scheduled_key, id);
CREATE INDEX assignments_by_priority ON assignments (organization_id, priority_key, id);
CREATE INDEX assignments_by_creation ON assignments (organization_id, created_at, id);
CREATE INDEX assignments_by_update ON assignments (organization_id, updated_at, id);
CREATE INDEX assignments_by_assignee ON assignments (organization_id, assignee_id, status, due_key, id);
CREATE INDEX assignments_by_customer ON assignments (organization_id, customer_id, id);
CREATE INDEX assignments_by_batch ON assignments (organization_id, batch_id, id);
CREATE INDEX assignments_by_program ON assignments (organization_id, program_id, id);
