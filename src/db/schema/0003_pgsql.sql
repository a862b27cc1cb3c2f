-- Administration: DBMail's tables, name for name, column for column, in its order; sequences with its names.
-- No column of ours is ever added here: companions carry what we need beside one. Text is compared by its bytes.

CREATE SEQUENCE dbmail_user_idnr_seq;
CREATE TABLE dbmail_users (
	user_idnr BIGINT PRIMARY KEY DEFAULT nextval('dbmail_user_idnr_seq'),
	userid TEXT COLLATE "C" NOT NULL,
	passwd TEXT COLLATE "C" NOT NULL DEFAULT '',
	client_idnr BIGINT NOT NULL DEFAULT 0,
	maxmail_size BIGINT NOT NULL DEFAULT 0,
	curmail_size BIGINT NOT NULL DEFAULT 0,
	encryption_type TEXT COLLATE "C" NOT NULL DEFAULT '',
	last_login TIMESTAMP NOT NULL DEFAULT '1979-11-03 22:05:58',
	spasswd TEXT COLLATE "C" NOT NULL DEFAULT '',
	saction SMALLINT NOT NULL DEFAULT 0,
	active SMALLINT NOT NULL DEFAULT 1
) WITH (fillfactor = 80);                         -- last_login and curmail_size change in place
ALTER SEQUENCE dbmail_user_idnr_seq OWNED BY dbmail_users.user_idnr;
CREATE UNIQUE INDEX dbmail_users_name ON dbmail_users (userid);
CREATE INDEX dbmail_users_lower ON dbmail_users (lower(userid));
CREATE INDEX dbmail_users_domain ON dbmail_users (lower(substr(userid, strpos(userid, '@') + 1)));

CREATE SEQUENCE dbmail_alias_idnr_seq;
CREATE TABLE dbmail_aliases (
	alias_idnr BIGINT PRIMARY KEY DEFAULT nextval('dbmail_alias_idnr_seq'),
	alias TEXT COLLATE "C" NOT NULL DEFAULT '',
	deliver_to TEXT COLLATE "C" NOT NULL DEFAULT '',
	client_idnr BIGINT NOT NULL DEFAULT 0
);
ALTER SEQUENCE dbmail_alias_idnr_seq OWNED BY dbmail_aliases.alias_idnr;
CREATE INDEX dbmail_aliases_alias ON dbmail_aliases (alias);
CREATE INDEX dbmail_aliases_lower ON dbmail_aliases (lower(alias));
CREATE INDEX dbmail_aliases_domain ON dbmail_aliases (lower(substr(alias, strpos(alias, '@') + 1)));
CREATE INDEX dbmail_aliases_target ON dbmail_aliases (deliver_to);
CREATE INDEX dbmail_aliases_client ON dbmail_aliases (client_idnr);

CREATE SEQUENCE dbmail_mailbox_idnr_seq;
CREATE TABLE dbmail_mailboxes (
	mailbox_idnr BIGINT PRIMARY KEY DEFAULT nextval('dbmail_mailbox_idnr_seq'),
	owner_idnr BIGINT NOT NULL DEFAULT 0 REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	name TEXT COLLATE "C" NOT NULL DEFAULT '',
	seen_flag SMALLINT NOT NULL DEFAULT 0,
	answered_flag SMALLINT NOT NULL DEFAULT 0,
	deleted_flag SMALLINT NOT NULL DEFAULT 0,
	flagged_flag SMALLINT NOT NULL DEFAULT 0,
	recent_flag SMALLINT NOT NULL DEFAULT 0,
	draft_flag SMALLINT NOT NULL DEFAULT 0,
	no_inferiors SMALLINT NOT NULL DEFAULT 0,
	no_select SMALLINT NOT NULL DEFAULT 0,
	permission SMALLINT DEFAULT 2,
	seq BIGINT NOT NULL DEFAULT 0
);
ALTER SEQUENCE dbmail_mailbox_idnr_seq OWNED BY dbmail_mailboxes.mailbox_idnr;
CREATE UNIQUE INDEX dbmail_mailboxes_owner_name ON dbmail_mailboxes (owner_idnr, name);
CREATE INDEX dbmail_mailboxes_name ON dbmail_mailboxes (name);
CREATE INDEX dbmail_mailboxes_seq ON dbmail_mailboxes (seq);

CREATE TABLE dbmail_subscription (
	user_id BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	mailbox_id BIGINT NOT NULL REFERENCES dbmail_mailboxes ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (user_id, mailbox_id)
);
CREATE INDEX dbmail_subscription_mailbox ON dbmail_subscription (mailbox_id);

CREATE TABLE dbmail_acl (
	user_id BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	mailbox_id BIGINT NOT NULL REFERENCES dbmail_mailboxes ON UPDATE CASCADE ON DELETE CASCADE,
	lookup_flag SMALLINT NOT NULL DEFAULT 0,
	read_flag SMALLINT NOT NULL DEFAULT 0,
	seen_flag SMALLINT NOT NULL DEFAULT 0,
	write_flag SMALLINT NOT NULL DEFAULT 0,
	insert_flag SMALLINT NOT NULL DEFAULT 0,
	post_flag SMALLINT NOT NULL DEFAULT 0,
	create_flag SMALLINT NOT NULL DEFAULT 0,
	delete_flag SMALLINT NOT NULL DEFAULT 0,
	deleted_flag SMALLINT NOT NULL DEFAULT 0,
	expunge_flag SMALLINT NOT NULL DEFAULT 0,
	administer_flag SMALLINT NOT NULL DEFAULT 0,
	PRIMARY KEY (user_id, mailbox_id)
);
CREATE INDEX dbmail_acl_mailbox ON dbmail_acl (mailbox_id);

CREATE TABLE dbmail_sievescripts (
	owner_idnr BIGINT NOT NULL DEFAULT 0 REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	name TEXT COLLATE "C" NOT NULL DEFAULT '',
	script TEXT COLLATE "C",
	active SMALLINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX dbmail_sievescripts_owner_name ON dbmail_sievescripts (owner_idnr, name);

CREATE TABLE dbmail_auto_notifications (
	user_idnr BIGINT PRIMARY KEY REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	notify_address TEXT COLLATE "C" NOT NULL DEFAULT ''
);

CREATE TABLE dbmail_auto_replies (
	user_idnr BIGINT PRIMARY KEY REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	start_date TIMESTAMP NOT NULL DEFAULT '1980-01-01 22:05:58',
	stop_date TIMESTAMP NOT NULL DEFAULT '1980-01-01 22:05:58',
	reply_body TEXT COLLATE "C"
);

CREATE SEQUENCE dbmail_filters_id_seq;
CREATE TABLE dbmail_filters (
	user_id BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	id BIGINT PRIMARY KEY DEFAULT nextval('dbmail_filters_id_seq'),
	headername TEXT COLLATE "C" NOT NULL DEFAULT '',
	headervalue TEXT COLLATE "C" NOT NULL DEFAULT '',
	mailbox TEXT COLLATE "C" NOT NULL DEFAULT ''
);
ALTER SEQUENCE dbmail_filters_id_seq OWNED BY dbmail_filters.id;
CREATE INDEX dbmail_filters_user ON dbmail_filters (user_id);

CREATE SEQUENCE dbmail_authlog_id_seq;
CREATE TABLE dbmail_authlog (
	id BIGINT PRIMARY KEY DEFAULT nextval('dbmail_authlog_id_seq'),
	userid TEXT COLLATE "C",
	service TEXT COLLATE "C",
	login_time TIMESTAMP,
	logout_time TIMESTAMP,
	src_ip TEXT COLLATE "C",
	src_port BIGINT,
	dst_ip TEXT COLLATE "C",
	dst_port BIGINT,
	status TEXT COLLATE "C" DEFAULT 'active',
	bytes_rx BIGINT NOT NULL DEFAULT 0,
	bytes_tx BIGINT NOT NULL DEFAULT 0
);
ALTER SEQUENCE dbmail_authlog_id_seq OWNED BY dbmail_authlog.id;

CREATE TABLE dbmail_replycache (
	to_addr TEXT COLLATE "C" NOT NULL DEFAULT '',
	from_addr TEXT COLLATE "C" NOT NULL DEFAULT '',
	handle TEXT COLLATE "C" NOT NULL DEFAULT '',
	lastseen TIMESTAMP NOT NULL DEFAULT '1980-01-01 22:05:58'
);
CREATE UNIQUE INDEX dbmail_replycache_key ON dbmail_replycache (to_addr, from_addr, handle);

CREATE SEQUENCE dbmail_seq_pbsp_id;
CREATE TABLE dbmail_pbsp (
	idnr BIGINT PRIMARY KEY DEFAULT nextval('dbmail_seq_pbsp_id'),
	since TIMESTAMP NOT NULL DEFAULT '1980-01-01 22:05:58',
	ipnumber TEXT COLLATE "C" NOT NULL DEFAULT ''
);
ALTER SEQUENCE dbmail_seq_pbsp_id OWNED BY dbmail_pbsp.idnr;
CREATE UNIQUE INDEX dbmail_pbsp_ipnumber ON dbmail_pbsp (ipnumber);
CREATE INDEX dbmail_pbsp_since ON dbmail_pbsp (since);

CREATE TABLE dbmail_upgrade_steps (
	from_version BIGINT NOT NULL,
	to_version BIGINT NOT NULL,
	applied TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE UNIQUE INDEX dbmail_upgrade_steps_key ON dbmail_upgrade_steps (from_version, to_version);

CREATE TABLE dbmail_usermap (
	login TEXT COLLATE "C" NOT NULL,
	sock_allow TEXT COLLATE "C" NOT NULL,
	sock_deny TEXT COLLATE "C" NOT NULL,
	userid TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX dbmail_usermap_key ON dbmail_usermap (login, sock_allow, userid);

INSERT INTO dbmail_users (user_idnr, userid, passwd, encryption_type) VALUES
	(1, '__@!internal_delivery_user!@__', '', 'md5'),
	(2, 'anyone', '', 'md5'),
	(3, '__public__', '', 'md5');
SELECT setval('dbmail_user_idnr_seq', 3);

-- Companions of the administration tables.

CREATE TABLE domains (
	name TEXT COLLATE "C" PRIMARY KEY,                    -- lower case, A-label form
	kind TEXT COLLATE "C" NOT NULL DEFAULT 'local',       -- local, relay, backup
	active SMALLINT NOT NULL DEFAULT 1,
	description TEXT COLLATE "C" NOT NULL DEFAULT '',
	max_accounts BIGINT NOT NULL DEFAULT 0,               -- 0: no limit
	max_aliases BIGINT NOT NULL DEFAULT 0,
	max_quota BIGINT NOT NULL DEFAULT 0,                  -- bytes for one account
	quota BIGINT NOT NULL DEFAULT 0,                      -- bytes for the domain
	created BIGINT NOT NULL DEFAULT 0                     -- unix seconds
);

CREATE TABLE domain_admins (
	domain TEXT COLLATE "C" NOT NULL,
	user_idnr BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (domain, user_idnr)
);
CREATE INDEX domain_admins_user ON domain_admins (user_idnr);

CREATE TABLE account_settings (
	user_idnr BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	name TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (user_idnr, name)
);

CREATE TABLE mailbox_settings (
	mailbox_idnr BIGINT NOT NULL REFERENCES dbmail_mailboxes ON UPDATE CASCADE ON DELETE CASCADE,
	name TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (mailbox_idnr, name)
);

CREATE TABLE acl_extra (
	mailbox_id BIGINT NOT NULL REFERENCES dbmail_mailboxes ON UPDATE CASCADE ON DELETE CASCADE,
	identifier TEXT COLLATE "C" NOT NULL,                 -- groups and negative rights, which dbmail_acl cannot say
	rights TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (mailbox_id, identifier)
);

CREATE TABLE auth_keys (
	user_idnr BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	mechanism TEXT COLLATE "C" NOT NULL,
	made_from TEXT COLLATE "C" NOT NULL,                  -- the stored hash that these keys belong to
	data TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (user_idnr, mechanism)
);

CREATE SEQUENCE app_passwords_id_seq;
CREATE TABLE app_passwords (
	id BIGINT PRIMARY KEY DEFAULT nextval('app_passwords_id_seq'),
	user_idnr BIGINT NOT NULL REFERENCES dbmail_users ON UPDATE CASCADE ON DELETE CASCADE,
	label TEXT COLLATE "C" NOT NULL,
	passwd TEXT COLLATE "C" NOT NULL,
	services TEXT COLLATE "C" NOT NULL DEFAULT '',
	created BIGINT NOT NULL DEFAULT 0
);
ALTER SEQUENCE app_passwords_id_seq OWNED BY app_passwords.id;
CREATE INDEX app_passwords_user ON app_passwords (user_idnr);

CREATE SEQUENCE audit_log_id_seq;
CREATE TABLE audit_log (
	id BIGINT PRIMARY KEY DEFAULT nextval('audit_log_id_seq'),
	at BIGINT NOT NULL,                                   -- unix seconds
	actor TEXT COLLATE "C" NOT NULL,
	source TEXT COLLATE "C" NOT NULL,
	action TEXT COLLATE "C" NOT NULL,
	object TEXT COLLATE "C" NOT NULL,
	details TEXT COLLATE "C" NOT NULL DEFAULT ''
);
ALTER SEQUENCE audit_log_id_seq OWNED BY audit_log.id;

-- What belongs to the site and not to an account. Never shown, never logged.

CREATE TABLE site_secrets (
	name TEXT COLLATE "C" PRIMARY KEY,                    -- 'scram': the salts of logins are made with it
	value TEXT COLLATE "C" NOT NULL                       -- hexadecimal
);

-- Mail: every key carries the owning account's id. What a table means is said in docs/schema.md. What comes out of
-- messages is BYTEA, because PostgreSQL's text takes neither NUL nor what is no UTF-8.

CREATE TABLE mail_nodes (
	number BIGINT PRIMARY KEY,                            -- 0 to 1023: part of the ids that a node makes
	incarnation BIGINT NOT NULL,                          -- a random number, new with each start of a process
	renewed BIGINT NOT NULL                               -- unix seconds
);

CREATE TABLE mail_accounts (
	owner BIGINT PRIMARY KEY,
	modseq BIGINT NOT NULL DEFAULT 1,
	bytes BIGINT NOT NULL DEFAULT 0,
	messages BIGINT NOT NULL DEFAULT 0,
	uidvalidity_last BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE TABLE mail_mailboxes (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	uidvalidity BIGINT NOT NULL,
	uidnext BIGINT NOT NULL DEFAULT 1,
	messages BIGINT NOT NULL DEFAULT 0,
	unseen BIGINT NOT NULL DEFAULT 0,
	deleted BIGINT NOT NULL DEFAULT 0,
	size BIGINT NOT NULL DEFAULT 0,
	highestmodseq BIGINT NOT NULL DEFAULT 1,
	expunged_floor BIGINT NOT NULL DEFAULT 0,
	first_recent BIGINT NOT NULL DEFAULT 1,               -- uids from here on are \Recent to the next session
	first_unseen BIGINT NOT NULL DEFAULT 0,               -- every uid below is \Seen
	PRIMARY KEY (owner, mailbox)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE TABLE mail_keywords (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	number BIGINT NOT NULL,                               -- 0 to 255
	name TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (owner, mailbox, number)
);

CREATE TABLE mail_entries (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	id BIGINT NOT NULL,
	object BIGINT NOT NULL,
	flags BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	internal_date BIGINT NOT NULL,                        -- unix seconds
	internal_zone BIGINT NOT NULL DEFAULT 0,              -- minutes east of Greenwich
	save_date BIGINT NOT NULL,
	size BIGINT NOT NULL,
	PRIMARY KEY (owner, mailbox, uid)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX mail_entries_modseq ON mail_entries (owner, mailbox, modseq);
CREATE INDEX mail_entries_object ON mail_entries (object, owner); -- objects are ordered by time: appended

CREATE TABLE mail_entry_keywords (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	number BIGINT NOT NULL,                               -- keywords that the mask has no bit for
	PRIMARY KEY (owner, mailbox, uid, number)
);

CREATE TABLE mail_seen (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	user_id BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	PRIMARY KEY (owner, mailbox, user_id, uid)
);

CREATE TABLE mail_objects (
	object BIGINT NOT NULL,                               -- made by the node: appended, never random
	owner BIGINT NOT NULL,
	size BIGINT NOT NULL,                                 -- bytes, trace headers included
	header_size BIGINT NOT NULL,                          -- of them up to and with the empty line
	trace_size BIGINT NOT NULL,                           -- of them put in front by us at delivery
	sha256 BYTEA NOT NULL,                                -- of the bytes behind the trace headers
	parser BIGINT NOT NULL,                               -- version that computed what follows
	thread BIGINT NOT NULL,
	message_id BYTEA,
	sent_date BIGINT,                                     -- unix seconds; NULL: none in the header
	sort_subject BYTEA,
	sort_from BYTEA,
	sort_to BYTEA,
	sort_cc BYTEA,
	preview BYTEA,                                        -- NULL: not computed
	parts BYTEA NOT NULL,                                 -- offsets
	envelope BYTEA NOT NULL,                              -- ENVELOPE, ready to send
	structure BYTEA NOT NULL,                             -- BODYSTRUCTURE, ready to send
	encoded BIGINT NOT NULL DEFAULT 0,                    -- 1: holds 8-bit text
	PRIMARY KEY (object, owner)
);

CREATE TABLE mail_contents (
	object BIGINT NOT NULL,
	owner BIGINT NOT NULL,
	header BYTEA NOT NULL,
	body BYTEA NOT NULL,
	extents BYTEA,                                        -- where bytes were taken out into blobs
	PRIMARY KEY (object, owner)
);
ALTER TABLE mail_contents ALTER header SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL,
	ALTER extents SET STORAGE EXTERNAL; -- compressed already

CREATE TABLE mail_blobs (
	hash BYTEA PRIMARY KEY,                               -- SHA-256 of the bytes
	size BIGINT NOT NULL,
	chunks BIGINT NOT NULL,
	touched BIGINT NOT NULL                               -- unix seconds; the sweeper takes old unreferenced ones
) WITH (fillfactor = 80);

CREATE TABLE mail_chunks (
	hash BYTEA NOT NULL,
	n BIGINT NOT NULL,
	data BYTEA NOT NULL,
	PRIMARY KEY (hash, n)
);
ALTER TABLE mail_chunks ALTER data SET STORAGE EXTERNAL;

CREATE TABLE mail_blob_refs (
	hash BYTEA NOT NULL,
	owner BIGINT NOT NULL,
	object BIGINT NOT NULL,
	PRIMARY KEY (hash, owner, object)
);
CREATE INDEX mail_blob_refs_object ON mail_blob_refs (object, owner);

CREATE TABLE mail_thread_ids (
	owner BIGINT NOT NULL,
	id_hash BIGINT NOT NULL,                              -- of the message-id
	subject_hash BIGINT NOT NULL,
	thread BIGINT NOT NULL,
	PRIMARY KEY (owner, id_hash, subject_hash)
);

CREATE TABLE mail_expunged (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	first_uid BIGINT NOT NULL,
	last_uid BIGINT NOT NULL,
	at BIGINT NOT NULL,                                   -- unix seconds
	PRIMARY KEY (owner, mailbox, modseq, first_uid)
);

CREATE TABLE mail_removed (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	id BIGINT NOT NULL,
	object BIGINT NOT NULL,
	flags BIGINT NOT NULL,
	internal_date BIGINT NOT NULL,
	internal_zone BIGINT NOT NULL DEFAULT 0,
	save_date BIGINT NOT NULL,
	size BIGINT NOT NULL,
	removed BIGINT NOT NULL,                              -- unix seconds
	PRIMARY KEY (owner, mailbox, uid)
);
CREATE INDEX mail_removed_object ON mail_removed (object, owner);
CREATE INDEX mail_removed_when ON mail_removed (removed);

CREATE TABLE mail_journal (
	owner BIGINT NOT NULL,
	id BIGINT NOT NULL,                                   -- a big COPY or MOVE that is undone if unfinished
	node BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,                              -- the target
	uid_first BIGINT NOT NULL,                            -- the entries that belong to it
	uid_last BIGINT NOT NULL,
	started BIGINT NOT NULL,
	from_owner BIGINT NOT NULL DEFAULT 0,                 -- of a MOVE: where it took its entries from; 0: they were copied
	from_mailbox BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (owner, id)
);

CREATE TABLE delivery_keys (
	owner BIGINT NOT NULL,
	delivery_key BYTEA NOT NULL,
	session BIGINT NOT NULL,
	serial BIGINT NOT NULL,                               -- which delivery of the session
	node BIGINT NOT NULL,                                 -- incarnation
	created BIGINT NOT NULL,
	PRIMARY KEY (owner, delivery_key, session, serial)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
CREATE INDEX delivery_keys_created ON delivery_keys (created);

-- One row a step of the schema. `oldest`: programs that know a schema from here on can use the database.

CREATE TABLE mail_schema (
	version BIGINT PRIMARY KEY,
	oldest BIGINT NOT NULL DEFAULT 0,
	applied BIGINT                                        -- unix seconds
);

-- What people read by hand: DBMail's names for our mail.

CREATE FUNCTION mail_text(bytes BYTEA) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
	RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN OTHERS THEN
	RETURN encode(bytes, 'escape');
END
$$;

CREATE VIEW dbmail_messages AS SELECT
	e.id AS message_idnr, e.mailbox AS mailbox_idnr, e.object AS physmessage_id,
	(e.flags & 1 <> 0)::int AS seen_flag, (e.flags & 2 <> 0)::int AS answered_flag,
	(e.flags & 8 <> 0)::int AS deleted_flag, (e.flags & 4 <> 0)::int AS flagged_flag,
	(e.uid >= m.first_recent)::int AS recent_flag, (e.flags & 16 <> 0)::int AS draft_flag,
	lpad(to_hex(e.id), 32, '0') AS unique_id, 0 AS status, e.modseq AS seq
FROM mail_entries e
JOIN mail_mailboxes m ON m.owner = e.owner AND m.mailbox = e.mailbox
JOIN dbmail_mailboxes b ON b.mailbox_idnr = e.mailbox AND b.owner_idnr = e.owner;

CREATE VIEW dbmail_physmessage AS SELECT
	o.object AS id, o.size AS messagesize, o.size AS rfcsize,
	to_timestamp((SELECT min(e.internal_date) FROM mail_entries e WHERE e.object = o.object AND e.owner = o.owner))
		AT TIME ZONE 'UTC' AS internal_date
FROM mail_objects o;

CREATE VIEW dbmail_envelope AS SELECT
	object AS id, object AS physmessage_id, mail_text(envelope) AS envelope FROM mail_objects;

CREATE VIEW dbmail_subjectfield AS SELECT
	object AS physmessage_id, mail_text(sort_subject) AS subjectfield, mail_text(sort_subject) AS sortfield FROM mail_objects;
CREATE VIEW dbmail_fromfield AS SELECT
	object AS physmessage_id, mail_text(sort_from) AS fromfield, mail_text(sort_from) AS sortfield FROM mail_objects;
CREATE VIEW dbmail_tofield AS SELECT
	object AS physmessage_id, mail_text(sort_to) AS tofield, mail_text(sort_to) AS sortfield FROM mail_objects;
CREATE VIEW dbmail_ccfield AS SELECT
	object AS physmessage_id, mail_text(sort_cc) AS ccfield, mail_text(sort_cc) AS sortfield FROM mail_objects;
CREATE VIEW dbmail_datefield AS SELECT
	object AS physmessage_id, to_timestamp(sent_date) AT TIME ZONE 'UTC' AS datefield,
	to_timestamp(sent_date) AT TIME ZONE 'UTC' AS sortfield FROM mail_objects;

CREATE VIEW dbmail_headername AS
	SELECT 1 AS id, 'from' AS headername UNION ALL SELECT 2, 'to' UNION ALL SELECT 3, 'cc'
	UNION ALL SELECT 4, 'bcc' UNION ALL SELECT 5, 'date' UNION ALL SELECT 6, 'subject'
	UNION ALL SELECT 7, 'content-type' UNION ALL SELECT 8, 'content-disposition'
	UNION ALL SELECT 9, 'references' UNION ALL SELECT 10, 'in-reply-to'
	UNION ALL SELECT 11, 'reply-to' UNION ALL SELECT 12, 'return-path';

CREATE VIEW dbmail_keywords AS
	SELECT e.id AS message_idnr, k.name AS keyword
	FROM mail_entries e JOIN mail_keywords k ON k.owner = e.owner AND k.mailbox = e.mailbox
	WHERE k.number < 48 AND (e.flags >> (k.number + 8)::int) & 1 = 1
	UNION ALL
	SELECT e.id, k.name
	FROM mail_entry_keywords x
	JOIN mail_entries e ON e.owner = x.owner AND e.mailbox = x.mailbox AND e.uid = x.uid
	JOIN mail_keywords k ON k.owner = x.owner AND k.mailbox = x.mailbox AND k.number = x.number;
