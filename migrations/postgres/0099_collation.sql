-- Sort keys are folded already: they sort by their bytes, as on SQLite, whatever the database's locale.
DO $$
DECLARE
    key RECORD;
BEGIN
    FOR key IN
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND (column_name LIKE '%\_key' OR (table_name, column_name) = ('users', 'email'))
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "C"', key.table_name, key.column_name);
    END LOOP;
END
$$;
