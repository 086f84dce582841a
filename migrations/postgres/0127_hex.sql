-- An id as sixteen bytes in hexadecimal, by the name that SQLite has for it: one statement for both.
CREATE FUNCTION hex(id UUID) RETURNS TEXT LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT replace(CAST(id AS TEXT), ''-'', '''')';
