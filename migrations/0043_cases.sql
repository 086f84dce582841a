-- Services that customers asked for by themselves (the program does not sell), through to won or lost.
CREATE TABLE service_interests (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID,
    assignment_id UUID,
    attempt_id UUID,
    created_by UUID,
    service TEXT NOT NULL,
    raised_by_customer BOOLEAN NOT NULL CHECK (raised_by_customer),
    stage TEXT NOT NULL,
    value JSONB,
    owner_id UUID,
    note TEXT,
    raised_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    value_key BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, owner_id) REFERENCES users (organization_id, id),
    FOREIGN KEY (organization_id, created_by) REFERENCES users (organization_id, id)
);
CREATE INDEX service_interests_by_raising ON service_interests (organization_id, raised_at, id);
CREATE INDEX service_interests_by_creation ON service_interests (organization_id, created_at, id);
CREATE INDEX service_interests_by_update ON service_interests (organization_id, updated_at, id);
CREATE INDEX service_interests_by_value ON service_interests (organization_id, value_key, id);
CREATE INDEX service_interests_by_customer ON service_interests (organization_id, customer_id);
CREATE INDEX service_interests_by_owner ON service_interests (organization_id, owner_id);
CREATE INDEX service_interests_by_attempt ON service_interests (organization_id, attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX service_interests_by_service ON service_interests (organization_id, service);

-- Unhappy customers whom somebody is to win back.
CREATE TABLE rescue_cases (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID,
    attempt_id UUID,
    nps_response_id UUID,
    created_by UUID,
    owner_id UUID,
    reason TEXT NOT NULL,
    competitor TEXT,
    severity TEXT NOT NULL,
    status TEXT NOT NULL,
    resolution TEXT,
    closed_at TIMESTAMPTZ,
    severity_key BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, nps_response_id) REFERENCES nps_responses (organization_id, id),
    FOREIGN KEY (organization_id, owner_id) REFERENCES users (organization_id, id),
    FOREIGN KEY (organization_id, created_by) REFERENCES users (organization_id, id)
);
CREATE INDEX rescue_cases_by_creation ON rescue_cases (organization_id, created_at, id);
CREATE INDEX rescue_cases_by_update ON rescue_cases (organization_id, updated_at, id);
CREATE INDEX rescue_cases_by_severity ON rescue_cases (organization_id, severity_key, id);
CREATE INDEX rescue_cases_by_customer ON rescue_cases (organization_id, customer_id);
CREATE INDEX rescue_cases_by_owner ON rescue_cases (organization_id, owner_id);
CREATE INDEX rescue_cases_by_nps_response ON rescue_cases (organization_id, nps_response_id) WHERE nps_response_id IS NOT NULL;
