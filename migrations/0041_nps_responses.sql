-- Answers to the recommendation question. A skipped question is kept too: it has no score and counts nowhere.
CREATE TABLE nps_responses (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID,
    assignment_id UUID,
    attempt_id UUID,
    program_id UUID,
    user_id UUID,
    source TEXT NOT NULL,
    responded_at TIMESTAMPTZ NOT NULL,
    score BIGINT CHECK (score BETWEEN 0 AND 10),
    would_recommend BOOLEAN,
    follow_up_answer TEXT,
    comment TEXT,
    category TEXT,
    follow_up TEXT,
    follow_up_question TEXT,
    days_since_previous BIGINT,
    score_key BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE INDEX nps_responses_by_response ON nps_responses (organization_id, responded_at, id);
CREATE INDEX nps_responses_by_creation ON nps_responses (organization_id, created_at, id);
CREATE INDEX nps_responses_by_score ON nps_responses (organization_id, score_key, id);
CREATE INDEX nps_responses_by_customer ON nps_responses (organization_id, customer_id, responded_at);
CREATE INDEX nps_responses_by_user ON nps_responses (organization_id, user_id, responded_at);
CREATE INDEX nps_responses_by_program ON nps_responses (organization_id, program_id, responded_at);
CREATE INDEX nps_responses_by_attempt ON nps_responses (organization_id, attempt_id);
CREATE INDEX nps_responses_by_contact ON nps_responses (organization_id, contact_id, responded_at) WHERE contact_id IS NOT NULL;
