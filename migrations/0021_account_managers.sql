-- Who has looked after a customer, from when to when. The one without an end does so now.
CREATE TABLE account_manager_periods (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    user_id UUID NOT NULL,
    started_on DATE NOT NULL,
    ended_on DATE,
    started_key TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
);
CREATE INDEX account_manager_periods_by_customer ON account_manager_periods (organization_id, customer_id, started_on, id);
CREATE INDEX account_manager_periods_by_user ON account_manager_periods (organization_id, user_id);
