-- Refuse: a copy of a site into this database is not finished: SELECT name FROM mail_copy WHERE name = ''
DROP TABLE mail_copy;
ALTER TABLE mail_schema DROP COLUMN confirmed;
