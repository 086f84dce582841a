-- Texts to be found again, and the record that a hit leads to. FTS5 keeps the index.
CREATE TABLE search_documents (
    document_id INTEGER PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    collection TEXT NOT NULL,
    kind TEXT NOT NULL,
    record_id UUID NOT NULL,
    leads_to UUID NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (organization_id, collection, kind, record_id)
);
CREATE VIRTUAL TABLE search_index USING fts5 (text, content = 'search_documents', content_rowid = 'document_id', tokenize = 'unicode61', prefix = '2 3');
CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_index (rowid, text) VALUES (new.document_id, new.text);
END;
CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, text) VALUES ('delete', old.document_id, old.text);
END;
CREATE TRIGGER search_documents_changed AFTER UPDATE OF text ON search_documents WHEN old.text <> new.text BEGIN
    INSERT INTO search_index (search_index, rowid, text) VALUES ('delete', old.document_id, old.text);
    INSERT INTO search_index (rowid, text) VALUES (new.document_id, new.text);
END;
