-- What was learned from customers, typed: praise, criticism, ideas, insights.
CREATE TABLE notes (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID,
    assignment_id UUID,
    attempt_id UUID,
    author_id UUID,
    occurred_at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    themes JSONB NOT NULL,
    employee_id UUID,
    employee_name TEXT,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, author_id) REFERENCES users (organization_id, id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES users (organization_id, id)
);
CREATE INDEX notes_by_occurrence ON notes (organization_id, occurred_at, id);
CREATE INDEX notes_by_creation ON notes (organization_id, created_at, id);
CREATE INDEX notes_by_customer ON notes (organization_id, customer_id, occurred_at);
CREATE INDEX notes_by_author ON notes (organization_id, author_id, occurred_at);
CREATE INDEX notes_by_employee ON notes (organization_id, employee_id, occurred_at);
CREATE INDEX notes_by_attempt ON notes (organization_id, attempt_id);
CREATE INDEX notes_by_assignment ON notes (organization_id, assignment_id) WHERE assignment_id IS NOT NULL;
