-- Additive: programs of schema 3 and later run beside it.
-- Several nodes on one database: who they are, how long they hold their numbers, and which logins failed at them.

ALTER TABLE mail_nodes
	ADD COLUMN IF NOT EXISTS expires BIGINT NOT NULL DEFAULT 0,     -- unix milliseconds of the database's clock; 0: no lease
	ADD COLUMN IF NOT EXISTS ids_below BIGINT NOT NULL DEFAULT 0,   -- unix milliseconds: ids of this number have earlier times
	ADD COLUMN IF NOT EXISTS serves SMALLINT NOT NULL DEFAULT 0,    -- 1: a server, 0: a command
	ADD COLUMN IF NOT EXISTS started BIGINT NOT NULL DEFAULT 0,     -- unix seconds
	ADD COLUMN IF NOT EXISTS host VARCHAR(255) NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS pid BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS program VARCHAR(40) NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS schema_known BIGINT NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS login_failures (
	node BIGINT NOT NULL,                             -- incarnation of who saw it
	serial BIGINT NOT NULL,
	at BIGINT NOT NULL,                               -- unix seconds
	passed SMALLINT NOT NULL,                         -- 1: a right password, which ends the account's count
	pair BIGINT NOT NULL,                             -- hashes of account and address, 0: does not count
	address BIGINT NOT NULL,
	account BIGINT NOT NULL,
	PRIMARY KEY (node, serial),
	INDEX login_failures_at (at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
