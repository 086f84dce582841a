-- Customers that were made one, so that each merge can be looked at and taken back in one call.
CREATE TABLE merges (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    merged JSONB NOT NULL,
    status TEXT NOT NULL,
    moved JSONB NOT NULL,
    canceled JSONB NOT NULL,
    same_contacts JSONB NOT NULL,
    merged_by UUID,
    undone_at TIMESTAMPTZ,
    undone_by UUID,
    kept JSONB NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX merges_by_customer ON merges (organization_id, customer_id);
CREATE INDEX merges_by_creation ON merges (organization_id, created_at, id);
CREATE INDEX merges_by_update ON merges (organization_id, updated_at, id);

-- Ids of customers that are no more: into which one each went, and which one it is today, after whatever merges came later.
CREATE TABLE customer_redirects (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    into_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    merge_id UUID NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX customer_redirects_by_customer ON customer_redirects (organization_id, customer_id);
CREATE INDEX customer_redirects_by_merge ON customer_redirects (organization_id, merge_id);

-- Ids in the CRM that merged customers had: whoever still uses one finds the customer that it is today.
CREATE TABLE customer_aliases (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    external_id TEXT NOT NULL,
    former_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    merge_id UUID NOT NULL,
    PRIMARY KEY (organization_id, external_id)
);
CREATE INDEX customer_aliases_by_customer ON customer_aliases (organization_id, customer_id);
CREATE INDEX customer_aliases_by_merge ON customer_aliases (organization_id, merge_id);

-- Rows without a revision that a merge gave to another customer, and whose they were.
CREATE TABLE merge_rows (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    merge_id UUID NOT NULL,
    place TEXT NOT NULL,
    row_id UUID NOT NULL,
    former_id UUID NOT NULL,
    PRIMARY KEY (organization_id, merge_id, place, row_id)
);
