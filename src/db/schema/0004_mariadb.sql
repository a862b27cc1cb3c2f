-- Additive: programs of schema 3 and later run beside it.
-- What was done to the schema, and which programs it suits, is in mail_schema since 0003; a copy of a site that is being made.

CREATE TABLE IF NOT EXISTS mail_copy (
	name VARCHAR(255) NOT NULL PRIMARY KEY,       -- a table; empty: the copy itself, and then this database is no site yet
	source TEXT NOT NULL,                         -- where the copy comes from
	copied BIGINT NOT NULL DEFAULT 0,             -- rows of the table that are here
	done BIGINT NOT NULL DEFAULT 0,               -- 1: all of them
	last_key LONGBLOB                             -- of the last of them
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
