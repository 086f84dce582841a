-- Which tags a record has is asked by the record: with all that is asked in it, the index is taken also where nothing is known of how much there is.
DROP INDEX record_labels_by_record;
CREATE INDEX record_labels_by_record ON record_labels (organization_id, record_id, kind, label);
