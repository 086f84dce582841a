-- Proposals of who calls whom and when: what was asked for, how good the plan is, and what became of it.
CREATE TABLE plans (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    program_id UUID NOT NULL,
    created_by UUID,
    segments JSONB NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    options JSONB NOT NULL,
    status TEXT NOT NULL,
    considered BIGINT NOT NULL,
    planned BIGINT NOT NULL,
    left_out BIGINT NOT NULL,
    objective DOUBLE PRECISION NOT NULL,
    upper_bound DOUBLE PRECISION NOT NULL,
    greedy DOUBLE PRECISION NOT NULL,
    executives JSONB NOT NULL,
    batch_id UUID,
    committed_at TIMESTAMPTZ,
    committed BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    reverted_at TIMESTAMPTZ,
    reverted BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    starts_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, program_id) REFERENCES programs (organization_id, id)
);
CREATE INDEX plans_by_program ON plans (organization_id, program_id, id);
CREATE INDEX plans_by_start ON plans (organization_id, starts_key, id);
CREATE INDEX plans_by_creation ON plans (organization_id, created_at, id);
CREATE INDEX plans_by_update ON plans (organization_id, updated_at, id);

-- The calls of a plan. They have no revision: what comes of them are assignments, and the plan itself is the record.
CREATE TABLE plan_calls (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    position BIGINT NOT NULL,
    executive_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    day DATE NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    executive_zone TEXT NOT NULL,
    executive_time TEXT NOT NULL,
    customer_zone TEXT NOT NULL,
    customer_time TEXT NOT NULL,
    outside_window BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    points DOUBLE PRECISION NOT NULL,
    status TEXT NOT NULL,
    assignment_id UUID,
    skip_code TEXT,
    skip_detail TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, plan_id) REFERENCES plans (organization_id, id)
);
CREATE INDEX plan_calls_by_position ON plan_calls (organization_id, plan_id, position, id);
CREATE INDEX plan_calls_by_executive ON plan_calls (organization_id, plan_id, executive_id, position, id);
CREATE INDEX plan_calls_by_customer ON plan_calls (organization_id, customer_id, plan_id);

-- The customers whom a plan left out, and why.
CREATE TABLE plan_left_outs (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    position BIGINT NOT NULL,
    customer_id UUID NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, plan_id) REFERENCES plans (organization_id, id)
);
CREATE INDEX plan_left_outs_by_position ON plan_left_outs (organization_id, plan_id, position, id);
CREATE INDEX plan_left_outs_by_customer ON plan_left_outs (organization_id, customer_id, plan_id);
