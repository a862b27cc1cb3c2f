-- Additive: programs of schema 3 and later run beside it.
-- What was done to the schema, and which programs it suits; a copy of a site that is being made.

CREATE TABLE mail_schema (
	version INTEGER PRIMARY KEY,              -- one row a step
	oldest INTEGER NOT NULL,                  -- programs that know a schema from here on can use the database
	applied INTEGER,                          -- unix seconds
	confirmed INTEGER                         -- unix seconds; NULL: the step can be undone
);
INSERT INTO mail_schema (version, oldest, applied, confirmed)
	SELECT to_version, to_version, max(CAST(strftime('%s', applied) AS INTEGER)),
		max(CAST(strftime('%s', applied) AS INTEGER))
	FROM dbmail_upgrade_steps WHERE to_version < 4 GROUP BY to_version;

CREATE TABLE mail_copy (
	name TEXT PRIMARY KEY,                    -- a table; empty: the copy itself, and then this database is no site yet
	source TEXT NOT NULL,                     -- where the copy comes from
	copied INTEGER NOT NULL DEFAULT 0,        -- rows of the table that are here
	done INTEGER NOT NULL DEFAULT 0,          -- 1: all of them
	last_key BLOB                             -- of the last of them
) WITHOUT ROWID;
