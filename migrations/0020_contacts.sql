-- People at the customers.
CREATE TABLE contacts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    title TEXT,
    email TEXT,
    phone TEXT,
    phone_e164 TEXT,
    mobile TEXT,
    mobile_e164 TEXT,
    city TEXT,
    country TEXT,
    language TEXT,
    owner_id UUID,
    is_primary BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    left_at TIMESTAMPTZ,
    flags JSONB NOT NULL,
    name_key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);
CREATE UNIQUE INDEX contacts_by_external_id ON contacts (organization_id, external_id);
CREATE INDEX contacts_by_customer ON contacts (organization_id, customer_id, name_key, id);
CREATE INDEX contacts_by_email ON contacts (organization_id, email);
CREATE INDEX contacts_by_name ON contacts (organization_id, name_key, id);
CREATE INDEX contacts_by_creation ON contacts (organization_id, created_at, id);
CREATE INDEX contacts_by_update ON contacts (organization_id, updated_at, id);
CREATE INDEX contacts_by_owner ON contacts (organization_id, owner_id, name_key, id) WHERE owner_id IS NOT NULL;
