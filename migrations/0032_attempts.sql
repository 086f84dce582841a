-- Calls placed. Only ever added to. What reports ask for stands on each: who, in which program, at which hour of the customer's day.
CREATE TABLE attempts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    assignment_id UUID NOT NULL,
    program_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    user_id UUID NOT NULL,
    contact_id UUID,
    spoke_with TEXT,
    disposition TEXT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    duration_seconds BIGINT,
    summary TEXT,
    callback_promised_at TIMESTAMPTZ,
    next_call_at TIMESTAMPTZ,
    local_hour BIGINT NOT NULL,
    local_weekday BIGINT NOT NULL,
    request_hash TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, assignment_id) REFERENCES assignments (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE INDEX attempts_by_time ON attempts (organization_id, occurred_at, id);
CREATE INDEX attempts_by_creation ON attempts (organization_id, created_at, id);
CREATE INDEX attempts_by_assignment ON attempts (organization_id, assignment_id, occurred_at, id);
CREATE INDEX attempts_by_customer ON attempts (organization_id, customer_id, occurred_at, id);
CREATE INDEX attempts_by_user ON attempts (organization_id, user_id, occurred_at, id);
CREATE INDEX attempts_by_program ON attempts (organization_id, program_id, occurred_at, id);
CREATE INDEX attempts_by_contact ON attempts (organization_id, contact_id, occurred_at, id) WHERE contact_id IS NOT NULL;
