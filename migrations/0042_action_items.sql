-- Work that came out of calls: who does it by when, and, apart from that, what the customer was promised and told.
CREATE TABLE action_items (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID,
    assignment_id UUID,
    attempt_id UUID,
    created_by UUID,
    title TEXT NOT NULL,
    detail TEXT,
    kind TEXT NOT NULL,
    owner_id UUID,
    department TEXT,
    department_key TEXT NOT NULL,
    due_at TIMESTAMPTZ,
    priority TEXT NOT NULL,
    customer_promise JSONB,
    status TEXT NOT NULL,
    closed_at TIMESTAMPTZ,
    closed_by UUID,
    outcome TEXT,
    customer_told_at TIMESTAMPTZ,
    customer_told_by UUID,
    customer_told_how TEXT,
    due_key TIMESTAMPTZ NOT NULL,
    promise_key TIMESTAMPTZ NOT NULL,
    promised BOOLEAN NOT NULL,
    priority_key BIGINT NOT NULL,
    seconds_to_close BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, owner_id) REFERENCES users (organization_id, id),
    FOREIGN KEY (organization_id, created_by) REFERENCES users (organization_id, id)
);
CREATE INDEX action_items_by_due ON action_items (organization_id, due_key, id);
CREATE INDEX action_items_by_priority ON action_items (organization_id, priority_key, id);
CREATE INDEX action_items_by_creation ON action_items (organization_id, created_at, id);
CREATE INDEX action_items_by_update ON action_items (organization_id, updated_at, id);
CREATE INDEX action_items_by_owner ON action_items (organization_id, owner_id, due_key);
CREATE INDEX action_items_by_department ON action_items (organization_id, department_key, due_key);
CREATE INDEX action_items_by_customer ON action_items (organization_id, customer_id, created_at);
CREATE INDEX action_items_by_attempt ON action_items (organization_id, attempt_id);
CREATE INDEX action_items_by_assignment ON action_items (organization_id, assignment_id) WHERE assignment_id IS NOT NULL;
CREATE INDEX action_items_by_creator ON action_items (organization_id, created_by, created_at);
CREATE INDEX action_items_by_closing ON action_items (organization_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX action_items_by_promise ON action_items (organization_id, promise_key);

-- What people say to one another about an action item; only ever added.
CREATE TABLE action_item_comments (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    action_item_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    author_id UUID,
    body TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, action_item_id) REFERENCES action_items (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);
CREATE INDEX action_item_comments_by_item ON action_item_comments (organization_id, action_item_id, created_at, id);
