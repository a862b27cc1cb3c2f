-- Refuse: a copy of a site into this database is not finished: SELECT name FROM mail_copy WHERE name = ''
DROP TABLE mail_copy;
DROP TABLE mail_schema;
