-- Texts to be found again, and the record that a hit leads to. The tsvector is kept by the database.
CREATE TABLE search_documents (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    collection TEXT NOT NULL,
    kind TEXT NOT NULL,
    record_id UUID NOT NULL,
    leads_to UUID NOT NULL,
    text TEXT NOT NULL,
    words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED,
    PRIMARY KEY (organization_id, collection, kind, record_id)
);
CREATE INDEX search_documents_by_word ON search_documents USING GIN (words);
