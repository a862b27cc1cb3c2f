-- Additive: programs of schema 3 and later run beside it.
-- Several nodes on one database: who they are, how long they hold their numbers, and which logins failed at them.

ALTER TABLE mail_nodes ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;     -- unix milliseconds of the database's clock; 0: no lease
ALTER TABLE mail_nodes ADD COLUMN ids_below INTEGER NOT NULL DEFAULT 0;   -- unix milliseconds: ids of this number have earlier times
ALTER TABLE mail_nodes ADD COLUMN serves SMALLINT NOT NULL DEFAULT 0;     -- 1: a server, 0: a command
ALTER TABLE mail_nodes ADD COLUMN started INTEGER NOT NULL DEFAULT 0;     -- unix seconds
ALTER TABLE mail_nodes ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE mail_nodes ADD COLUMN pid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mail_nodes ADD COLUMN program TEXT NOT NULL DEFAULT '';       -- its version
ALTER TABLE mail_nodes ADD COLUMN schema_known INTEGER NOT NULL DEFAULT 0;

CREATE TABLE login_failures (
	node INTEGER NOT NULL,                    -- incarnation of who saw it
	serial INTEGER NOT NULL,
	at INTEGER NOT NULL,                      -- unix seconds
	passed SMALLINT NOT NULL,                 -- 1: a right password, which ends the account's count
	pair INTEGER NOT NULL,                    -- hashes of account and address, 0: does not count
	address INTEGER NOT NULL,
	account INTEGER NOT NULL,
	PRIMARY KEY (node, serial)
) WITHOUT ROWID;
CREATE INDEX login_failures_at ON login_failures (at);
