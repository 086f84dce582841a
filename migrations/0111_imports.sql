-- The bytes of files that are imported in the background, as they arrived: whichever instance does the work reads them here.
CREATE TABLE import_chunks (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    import_id UUID NOT NULL,
    number BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, import_id, number)
);
CREATE INDEX import_chunks_by_file ON import_chunks (organization_id, import_id, created_at) WHERE number = 0;

-- Where an import goes on: written in the unit of each portion, so that none is lost and none is done twice.
CREATE TABLE import_states (
    organization_id UUID NOT NULL,
    import_id UUID NOT NULL,
    state JSONB NOT NULL,
    PRIMARY KEY (organization_id, import_id),
    FOREIGN KEY (organization_id, import_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE
);

-- Which revisions are an import's, and which its undoing's: the journal says what they changed.
CREATE TABLE import_portions (
    organization_id UUID NOT NULL,
    import_id UUID NOT NULL,
    first_revision BIGINT NOT NULL,
    last_revision BIGINT NOT NULL,
    undoing BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, import_id, first_revision),
    FOREIGN KEY (organization_id, import_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE
);

-- Why rows were left out, what was left out of others, and what an undoing kept.
CREATE TABLE import_faults (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    import_id UUID NOT NULL,
    number BIGINT NOT NULL,
    severity TEXT NOT NULL,
    line BIGINT,
    column_name TEXT,
    value TEXT,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    record_kind TEXT,
    record_id UUID,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, import_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX import_faults_by_number ON import_faults (organization_id, import_id, number, id);
