-- What executives write to customers after a call: one for each attempt, from draft to sent.
CREATE TABLE follow_ups (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    to_name TEXT,
    to_email TEXT,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    mailto_url TEXT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    slots JSONB NOT NULL,
    missing JSONB NOT NULL,
    attempt_id UUID NOT NULL,
    assignment_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID,
    user_id UUID NOT NULL,
    message_id TEXT NOT NULL,
    sent_at TIMESTAMPTZ,
    sent_by_hand BOOLEAN NOT NULL,
    failure TEXT,
    sent_key TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, attempt_id) REFERENCES attempts (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE UNIQUE INDEX follow_ups_by_attempt ON follow_ups (organization_id, attempt_id);
CREATE INDEX follow_ups_by_creation ON follow_ups (organization_id, created_at, id);
CREATE INDEX follow_ups_by_update ON follow_ups (organization_id, updated_at, id);
CREATE INDEX follow_ups_by_sending ON follow_ups (organization_id, sent_key, id);
CREATE INDEX follow_ups_by_assignment ON follow_ups (organization_id, assignment_id, created_at, id);
CREATE INDEX follow_ups_by_customer ON follow_ups (organization_id, customer_id, sent_key, id);
CREATE INDEX follow_ups_by_user ON follow_ups (organization_id, user_id, created_at, id);
