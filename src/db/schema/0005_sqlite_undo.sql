DROP TABLE login_failures;
ALTER TABLE mail_nodes DROP COLUMN schema_known;
ALTER TABLE mail_nodes DROP COLUMN program;
ALTER TABLE mail_nodes DROP COLUMN pid;
ALTER TABLE mail_nodes DROP COLUMN host;
ALTER TABLE mail_nodes DROP COLUMN started;
ALTER TABLE mail_nodes DROP COLUMN serves;
ALTER TABLE mail_nodes DROP COLUMN ids_below;
ALTER TABLE mail_nodes DROP COLUMN expires;
