-- Additive: programs of schema 3 and later run beside it.
-- When a step can still be undone; a copy of a site that is being made.

ALTER TABLE mail_schema ADD COLUMN confirmed BIGINT;   -- unix seconds; NULL: the step can be undone
UPDATE mail_schema SET oldest = version, confirmed = applied WHERE version < 4;

CREATE TABLE mail_copy (
	name TEXT COLLATE "C" PRIMARY KEY,        -- a table; empty: the copy itself, and then this database is no site yet
	source TEXT COLLATE "C" NOT NULL,         -- where the copy comes from
	copied BIGINT NOT NULL DEFAULT 0,         -- rows of the table that are here
	done BIGINT NOT NULL DEFAULT 0,           -- 1: all of them
	last_key BYTEA                            -- of the last of them
);
