-- Accounts of the organization: whom the program listens to.
CREATE TABLE customers (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    account_manager_id UUID,
    time_zone TEXT,
    calling_window JSONB,
    customer_since DATE,
    annual_billing JSONB,
    phone TEXT,
    phone_e164 TEXT,
    website TEXT,
    industry TEXT,
    street TEXT,
    city TEXT,
    region TEXT,
    postal_code TEXT,
    country TEXT,
    preferred_language TEXT,
    services JSONB NOT NULL,
    tags JSONB NOT NULL,
    social_profiles JSONB NOT NULL,
    custom_fields JSONB NOT NULL,
    referred_by_id UUID,
    do_not_contact BOOLEAN NOT NULL,
    do_not_contact_reason TEXT,
    last_activity_on DATE,
    cadence JSONB,
    flags JSONB NOT NULL,
    last_contacted_at TIMESTAMPTZ,
    referral_count BIGINT NOT NULL,
    account_manager_count BIGINT NOT NULL,
    name_key TEXT NOT NULL,
    billing_key BIGINT NOT NULL,
    since_key TEXT NOT NULL,
    contacted_key TIMESTAMPTZ NOT NULL,
    country_key TEXT NOT NULL,
    industry_key TEXT NOT NULL,
    own_ideal_days BIGINT,
    own_longest_days BIGINT,
    own_reviews_per_year BIGINT,
    clock_day BIGINT NOT NULL,
    heard_key TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX customers_by_external_id ON customers (organization_id, external_id);
CREATE INDEX customers_by_name ON customers (organization_id, name_key, id);
CREATE INDEX customers_by_billing ON customers (organization_id, billing_key, id);
CREATE INDEX customers_by_since ON customers (organization_id, since_key, id);
CREATE INDEX customers_by_contact ON customers (organization_id, contacted_key, id);
CREATE INDEX customers_by_creation ON customers (organization_id, created_at, id);
CREATE INDEX customers_by_update ON customers (organization_id, updated_at, id);
CREATE INDEX customers_by_manager ON customers (organization_id, account_manager_id);
CREATE INDEX customers_by_referrer ON customers (organization_id, referred_by_id);
CREATE INDEX customers_by_referrals ON customers (organization_id, referral_count, id);
CREATE INDEX customers_by_country ON customers (organization_id, country_key);
CREATE INDEX customers_by_industry ON customers (organization_id, industry_key);
