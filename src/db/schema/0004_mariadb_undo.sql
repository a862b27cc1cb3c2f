-- Refuse: a copy of a site into this database is not finished: SELECT name FROM mail_copy WHERE name = ''
DELETE FROM mail_schema WHERE version >= 4;
DROP TABLE IF EXISTS mail_copy;
