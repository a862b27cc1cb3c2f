-- A big MOVE that is undone if unfinished: where it took its entries from; 0: they were copied.
ALTER TABLE mail_journal ADD COLUMN from_owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mail_journal ADD COLUMN from_mailbox INTEGER NOT NULL DEFAULT 0;
