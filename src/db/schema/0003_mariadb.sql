-- What SQLite's 0001 to 0003 give, for MariaDB 10.6 and later. docs/schema.md says what a table means, and why it is here as
-- it is. Changes of tables commit by themselves here: every statement can be run again.

CREATE TABLE IF NOT EXISTS mail_schema (
	version BIGINT PRIMARY KEY,                   -- one row a step
	oldest BIGINT NOT NULL DEFAULT 0,             -- programs that know a schema from here on can use the database
	applied BIGINT,                               -- unix seconds
	confirmed BIGINT                              -- unix seconds; NULL: the step can be undone
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Administration: DBMail's tables, name for name, column for column, in its order. Columns of ours are INVISIBLE: neither
-- SELECT * nor an INSERT without names sees them. They hold what is looked up: A to Z as a to z and every other byte as it is.

CREATE TABLE IF NOT EXISTS dbmail_users (
	user_idnr BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	userid VARCHAR(255) NOT NULL,
	passwd VARCHAR(1024) NOT NULL DEFAULT '',
	client_idnr BIGINT NOT NULL DEFAULT 0,
	maxmail_size BIGINT NOT NULL DEFAULT 0,
	curmail_size BIGINT NOT NULL DEFAULT 0,
	encryption_type VARCHAR(255) NOT NULL DEFAULT '',
	last_login DATETIME NOT NULL DEFAULT '1979-11-03 22:05:58',
	spasswd VARCHAR(1024) NOT NULL DEFAULT '',
	saction SMALLINT NOT NULL DEFAULT 0,
	active SMALLINT NOT NULL DEFAULT 1,
	lower_userid VARBINARY(1020) AS (lower(convert(cast(userid AS BINARY) USING ascii))) STORED INVISIBLE,
	lower_domain VARBINARY(1020)
		AS (lower(convert(cast(substr(userid, instr(userid, '@') + 1) AS BINARY) USING ascii))) STORED INVISIBLE,
	UNIQUE KEY dbmail_users_name (userid),
	KEY dbmail_users_lower (lower_userid),
	KEY dbmail_users_domain (lower_domain)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_aliases (
	alias_idnr BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	alias VARCHAR(512) NOT NULL DEFAULT '',
	deliver_to TEXT NOT NULL DEFAULT '',
	client_idnr BIGINT NOT NULL DEFAULT 0,
	lower_alias VARBINARY(2048) AS (lower(convert(cast(alias AS BINARY) USING ascii))) STORED INVISIBLE,
	lower_domain VARBINARY(2048)
		AS (lower(convert(cast(substr(alias, instr(alias, '@') + 1) AS BINARY) USING ascii))) STORED INVISIBLE,
	KEY dbmail_aliases_alias (alias),
	KEY dbmail_aliases_lower (lower_alias),
	KEY dbmail_aliases_domain (lower_domain),
	KEY dbmail_aliases_target (deliver_to(255)),
	KEY dbmail_aliases_client (client_idnr)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_mailboxes (
	mailbox_idnr BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	owner_idnr BIGINT NOT NULL DEFAULT 0,
	name VARCHAR(1024) NOT NULL DEFAULT '',
	seen_flag TINYINT(1) NOT NULL DEFAULT 0,
	answered_flag TINYINT(1) NOT NULL DEFAULT 0,
	deleted_flag TINYINT(1) NOT NULL DEFAULT 0,
	flagged_flag TINYINT(1) NOT NULL DEFAULT 0,
	recent_flag TINYINT(1) NOT NULL DEFAULT 0,
	draft_flag TINYINT(1) NOT NULL DEFAULT 0,
	no_inferiors TINYINT(1) NOT NULL DEFAULT 0,
	no_select TINYINT(1) NOT NULL DEFAULT 0,
	permission TINYINT(1) DEFAULT 2,
	seq BIGINT NOT NULL DEFAULT 0,
	name_hash VARBINARY(32) AS (unhex(sha2(name, 256))) STORED INVISIBLE, -- a name is longer than a key may be
	UNIQUE KEY dbmail_mailboxes_owner_name (owner_idnr, name_hash),
	KEY dbmail_mailboxes_by_name (owner_idnr, name(255)),
	KEY dbmail_mailboxes_name (name(255)),
	KEY dbmail_mailboxes_seq (seq),
	CONSTRAINT dbmail_mailboxes_owner FOREIGN KEY (owner_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_subscription (
	user_id BIGINT NOT NULL,
	mailbox_id BIGINT NOT NULL,
	PRIMARY KEY (user_id, mailbox_id),
	KEY dbmail_subscription_mailbox (mailbox_id),
	CONSTRAINT dbmail_subscription_user FOREIGN KEY (user_id)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE,
	CONSTRAINT dbmail_subscription_folder FOREIGN KEY (mailbox_id)
		REFERENCES dbmail_mailboxes (mailbox_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_acl (
	user_id BIGINT NOT NULL,
	mailbox_id BIGINT NOT NULL,
	lookup_flag TINYINT(1) NOT NULL DEFAULT 0,
	read_flag TINYINT(1) NOT NULL DEFAULT 0,
	seen_flag TINYINT(1) NOT NULL DEFAULT 0,
	write_flag TINYINT(1) NOT NULL DEFAULT 0,
	insert_flag TINYINT(1) NOT NULL DEFAULT 0,
	post_flag TINYINT(1) NOT NULL DEFAULT 0,
	create_flag TINYINT(1) NOT NULL DEFAULT 0,
	delete_flag TINYINT(1) NOT NULL DEFAULT 0,
	deleted_flag TINYINT(1) NOT NULL DEFAULT 0,
	expunge_flag TINYINT(1) NOT NULL DEFAULT 0,
	administer_flag TINYINT(1) NOT NULL DEFAULT 0,
	PRIMARY KEY (user_id, mailbox_id),
	KEY dbmail_acl_mailbox (mailbox_id),
	CONSTRAINT dbmail_acl_user FOREIGN KEY (user_id)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE,
	CONSTRAINT dbmail_acl_folder FOREIGN KEY (mailbox_id)
		REFERENCES dbmail_mailboxes (mailbox_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_sievescripts (
	owner_idnr BIGINT NOT NULL DEFAULT 0,
	name VARCHAR(512) NOT NULL DEFAULT '',
	script LONGTEXT,
	active TINYINT(1) NOT NULL DEFAULT 0,
	PRIMARY KEY (owner_idnr, name),
	CONSTRAINT dbmail_sievescripts_owner FOREIGN KEY (owner_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_auto_notifications (
	user_idnr BIGINT NOT NULL PRIMARY KEY,
	notify_address TEXT NOT NULL DEFAULT '',
	CONSTRAINT dbmail_auto_notifications_user FOREIGN KEY (user_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_auto_replies (
	user_idnr BIGINT NOT NULL PRIMARY KEY,
	start_date DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	stop_date DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	reply_body LONGTEXT,
	CONSTRAINT dbmail_auto_replies_user FOREIGN KEY (user_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_filters (
	user_id BIGINT NOT NULL,
	id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	headername TEXT NOT NULL DEFAULT '',
	headervalue TEXT NOT NULL DEFAULT '',
	mailbox TEXT NOT NULL DEFAULT '',
	KEY dbmail_filters_user (user_id),
	CONSTRAINT dbmail_filters_owner FOREIGN KEY (user_id)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_authlog (
	id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	userid VARCHAR(512),
	service VARCHAR(255),
	login_time DATETIME,
	logout_time DATETIME,
	src_ip VARCHAR(255),
	src_port INT,
	dst_ip VARCHAR(255),
	dst_port INT,
	status VARCHAR(255) DEFAULT 'active',
	bytes_rx BIGINT NOT NULL DEFAULT 0,
	bytes_tx BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_replycache (
	to_addr VARCHAR(320) NOT NULL DEFAULT '',
	from_addr VARCHAR(320) NOT NULL DEFAULT '',
	handle VARCHAR(120) NOT NULL DEFAULT '',
	lastseen DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	PRIMARY KEY (to_addr, from_addr, handle)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_pbsp (
	idnr BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	since DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	ipnumber VARCHAR(255) NOT NULL DEFAULT '',
	UNIQUE KEY dbmail_pbsp_ipnumber (ipnumber),
	KEY dbmail_pbsp_since (since)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_upgrade_steps (
	from_version INT NOT NULL,
	to_version INT NOT NULL,
	applied DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	PRIMARY KEY (from_version, to_version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS dbmail_usermap (
	login VARCHAR(255) NOT NULL,
	sock_allow VARCHAR(255) NOT NULL,
	sock_deny VARCHAR(255) NOT NULL,
	userid VARCHAR(255) NOT NULL,
	PRIMARY KEY (login, sock_allow, userid)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO dbmail_users (user_idnr, userid, passwd, encryption_type) VALUES
	(1, '__@!internal_delivery_user!@__', '', 'md5'),
	(2, 'anyone', '', 'md5'),
	(3, '__public__', '', 'md5');

-- Companions of the administration tables.

CREATE TABLE IF NOT EXISTS domains (
	name VARCHAR(255) NOT NULL PRIMARY KEY,       -- lower case, A-label form
	kind VARCHAR(16) NOT NULL DEFAULT 'local',    -- local, relay, backup
	active SMALLINT NOT NULL DEFAULT 1,
	description TEXT NOT NULL DEFAULT '',
	max_accounts BIGINT NOT NULL DEFAULT 0,       -- 0: no limit
	max_aliases BIGINT NOT NULL DEFAULT 0,
	max_quota BIGINT NOT NULL DEFAULT 0,          -- bytes for one account
	quota BIGINT NOT NULL DEFAULT 0,              -- bytes for the domain
	created BIGINT NOT NULL DEFAULT 0             -- unix seconds
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS domain_admins (
	domain VARCHAR(255) NOT NULL,
	user_idnr BIGINT NOT NULL,
	PRIMARY KEY (domain, user_idnr),
	CONSTRAINT domain_admins_user FOREIGN KEY (user_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS account_settings (
	user_idnr BIGINT NOT NULL,
	name VARBINARY(2048) NOT NULL,                -- may hold a folder's name, which is longer than a key of characters may be
	value MEDIUMTEXT NOT NULL,
	PRIMARY KEY (user_idnr, name),
	CONSTRAINT account_settings_user FOREIGN KEY (user_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mailbox_settings (
	mailbox_idnr BIGINT NOT NULL,
	name VARCHAR(255) NOT NULL,
	value MEDIUMTEXT NOT NULL,
	PRIMARY KEY (mailbox_idnr, name),
	CONSTRAINT mailbox_settings_folder FOREIGN KEY (mailbox_idnr)
		REFERENCES dbmail_mailboxes (mailbox_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS acl_extra (
	mailbox_id BIGINT NOT NULL,
	identifier VARBINARY(2048) NOT NULL,          -- groups and negative rights, which dbmail_acl cannot say
	rights VARCHAR(255) NOT NULL,
	PRIMARY KEY (mailbox_id, identifier),
	CONSTRAINT acl_extra_folder FOREIGN KEY (mailbox_id)
		REFERENCES dbmail_mailboxes (mailbox_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS auth_keys (
	user_idnr BIGINT NOT NULL,
	mechanism VARCHAR(64) NOT NULL,
	made_from TEXT NOT NULL,                      -- the stored hash that these keys belong to
	data TEXT NOT NULL,
	PRIMARY KEY (user_idnr, mechanism),
	CONSTRAINT auth_keys_user FOREIGN KEY (user_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS app_passwords (
	id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_idnr BIGINT NOT NULL,
	label TEXT NOT NULL,
	passwd VARCHAR(1024) NOT NULL,
	services TEXT NOT NULL DEFAULT '',
	created BIGINT NOT NULL DEFAULT 0,
	KEY app_passwords_user (user_idnr),
	CONSTRAINT app_passwords_owner FOREIGN KEY (user_idnr)
		REFERENCES dbmail_users (user_idnr) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS audit_log (
	id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	at BIGINT NOT NULL,                           -- unix seconds
	actor TEXT NOT NULL,
	source TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	details MEDIUMTEXT NOT NULL DEFAULT ''
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS site_secrets (
	name VARCHAR(255) NOT NULL PRIMARY KEY,       -- 'scram': the salts of logins are made with it
	value TEXT NOT NULL                           -- hexadecimal
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Mail: led by the owning account's id, and clustered by it. What may hold any bytes is binary.

CREATE TABLE IF NOT EXISTS mail_nodes (
	number BIGINT NOT NULL PRIMARY KEY,           -- 0 to 1023: part of the ids that a node makes
	incarnation BIGINT NOT NULL,                  -- a random number, new with each start of a process
	renewed BIGINT NOT NULL                       -- unix seconds
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_accounts (
	owner BIGINT NOT NULL PRIMARY KEY,
	modseq BIGINT NOT NULL DEFAULT 1,
	bytes BIGINT NOT NULL DEFAULT 0,
	messages BIGINT NOT NULL DEFAULT 0,
	uidvalidity_last BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_mailboxes (
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
	first_recent BIGINT NOT NULL DEFAULT 1,       -- uids from here on are \Recent to the next session
	first_unseen BIGINT NOT NULL DEFAULT 0,       -- every uid below is \Seen
	PRIMARY KEY (owner, mailbox)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_keywords (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	number BIGINT NOT NULL,                       -- 0 to 255
	name VARCHAR(255) NOT NULL,
	PRIMARY KEY (owner, mailbox, number)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_entries (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	id BIGINT NOT NULL,
	object BIGINT NOT NULL,
	flags BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	internal_date BIGINT NOT NULL,                -- unix seconds
	internal_zone BIGINT NOT NULL DEFAULT 0,      -- minutes east of Greenwich
	save_date BIGINT NOT NULL,
	size BIGINT NOT NULL,
	PRIMARY KEY (owner, mailbox, uid),
	KEY mail_entries_modseq (owner, mailbox, modseq),
	KEY mail_entries_object (object, owner)           -- objects are ordered by time: appended
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_entry_keywords (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	number BIGINT NOT NULL,                       -- keywords that the mask has no bit for
	PRIMARY KEY (owner, mailbox, uid, number)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_seen (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	user_id BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	PRIMARY KEY (owner, mailbox, user_id, uid)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_objects (
	object BIGINT NOT NULL,                       -- made by the node: ascending
	owner BIGINT NOT NULL,
	size BIGINT NOT NULL,                         -- bytes, trace headers included
	header_size BIGINT NOT NULL,                  -- of them up to and with the empty line
	trace_size BIGINT NOT NULL,                   -- of them put in front by us at delivery
	sha256 VARBINARY(32) NOT NULL,                -- of the bytes behind the trace headers
	parser BIGINT NOT NULL,                       -- version that computed what follows
	thread BIGINT NOT NULL,
	message_id MEDIUMBLOB,
	sent_date BIGINT,                             -- unix seconds; NULL: none in the header
	sort_subject MEDIUMBLOB,
	sort_from MEDIUMBLOB,
	sort_to MEDIUMBLOB,
	sort_cc MEDIUMBLOB,
	preview MEDIUMBLOB,                           -- NULL: not computed
	parts LONGBLOB NOT NULL,                      -- offsets
	envelope LONGBLOB NOT NULL,                   -- ENVELOPE, ready to send
	structure LONGBLOB NOT NULL,                  -- BODYSTRUCTURE, ready to send
	encoded BIGINT NOT NULL DEFAULT 0,            -- 1: holds 8-bit text
	PRIMARY KEY (owner, object),
	KEY mail_objects_object (object)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_contents (
	object BIGINT NOT NULL,
	owner BIGINT NOT NULL,
	header LONGBLOB NOT NULL,
	body LONGBLOB NOT NULL,
	extents MEDIUMBLOB,                           -- where bytes were taken out into blobs
	PRIMARY KEY (owner, object),
	KEY mail_contents_object (object)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_blobs (
	hash VARBINARY(32) NOT NULL PRIMARY KEY,      -- SHA-256 of the bytes
	size BIGINT NOT NULL,
	chunks BIGINT NOT NULL,
	touched BIGINT NOT NULL                       -- unix seconds; the sweeper takes old unreferenced ones
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_chunks (
	hash VARBINARY(32) NOT NULL,
	n BIGINT NOT NULL,
	data LONGBLOB NOT NULL,
	PRIMARY KEY (hash, n)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_blob_refs (
	hash VARBINARY(32) NOT NULL,
	owner BIGINT NOT NULL,
	object BIGINT NOT NULL,
	PRIMARY KEY (hash, owner, object),
	KEY mail_blob_refs_object (object, owner)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_thread_ids (
	owner BIGINT NOT NULL,
	id_hash BIGINT NOT NULL,                      -- of the message-id
	subject_hash BIGINT NOT NULL,
	thread BIGINT NOT NULL,
	PRIMARY KEY (owner, id_hash, subject_hash)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_expunged (
	owner BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	first_uid BIGINT NOT NULL,
	last_uid BIGINT NOT NULL,
	at BIGINT NOT NULL,                           -- unix seconds
	PRIMARY KEY (owner, mailbox, modseq, first_uid)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_removed (
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
	removed BIGINT NOT NULL,                      -- unix seconds
	PRIMARY KEY (owner, mailbox, uid),
	KEY mail_removed_object (object, owner),
	KEY mail_removed_when (removed)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS mail_journal (
	owner BIGINT NOT NULL,
	id BIGINT NOT NULL,                           -- a big COPY or MOVE that is undone if unfinished
	node BIGINT NOT NULL,
	mailbox BIGINT NOT NULL,                      -- the target
	uid_first BIGINT NOT NULL,                    -- the entries that belong to it
	uid_last BIGINT NOT NULL,
	started BIGINT NOT NULL,
	from_owner BIGINT NOT NULL DEFAULT 0,         -- where a MOVE took its entries from; 0: they were copied
	from_mailbox BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (owner, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS delivery_keys (
	owner BIGINT NOT NULL,
	delivery_key VARBINARY(32) NOT NULL,
	session BIGINT NOT NULL,
	serial BIGINT NOT NULL,                       -- which delivery of the session
	node BIGINT NOT NULL,                         -- incarnation
	created BIGINT NOT NULL,
	PRIMARY KEY (owner, delivery_key, session, serial),
	KEY delivery_keys_created (created)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What people read by hand: DBMail's names for our mail, with the rights of who reads.

CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_messages AS SELECT
	e.id AS message_idnr, e.mailbox AS mailbox_idnr, e.object AS physmessage_id,
	(e.flags & 1) <> 0 AS seen_flag, (e.flags & 2) <> 0 AS answered_flag,
	(e.flags & 8) <> 0 AS deleted_flag, (e.flags & 4) <> 0 AS flagged_flag,
	e.uid >= m.first_recent AS recent_flag, (e.flags & 16) <> 0 AS draft_flag,
	lpad(lower(hex(e.id)), 32, '0') AS unique_id, 0 AS status, e.modseq AS seq
FROM mail_entries e
JOIN mail_mailboxes m ON m.owner = e.owner AND m.mailbox = e.mailbox
JOIN dbmail_mailboxes b ON b.mailbox_idnr = e.mailbox AND b.owner_idnr = e.owner;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_physmessage AS SELECT
	o.object AS id, o.size AS messagesize, o.size AS rfcsize,
	timestampadd(SECOND, (SELECT min(e.internal_date) FROM mail_entries e
		WHERE e.owner = o.owner AND e.object = o.object), '1970-01-01 00:00:00') AS internal_date
FROM mail_objects o;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_envelope AS SELECT
	object AS id, object AS physmessage_id, convert(envelope USING utf8mb4) AS envelope FROM mail_objects;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_subjectfield AS SELECT
	object AS physmessage_id, convert(sort_subject USING utf8mb4) AS subjectfield,
	convert(sort_subject USING utf8mb4) AS sortfield FROM mail_objects;
CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_fromfield AS SELECT
	object AS physmessage_id, convert(sort_from USING utf8mb4) AS fromfield,
	convert(sort_from USING utf8mb4) AS sortfield FROM mail_objects;
CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_tofield AS SELECT
	object AS physmessage_id, convert(sort_to USING utf8mb4) AS tofield,
	convert(sort_to USING utf8mb4) AS sortfield FROM mail_objects;
CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_ccfield AS SELECT
	object AS physmessage_id, convert(sort_cc USING utf8mb4) AS ccfield,
	convert(sort_cc USING utf8mb4) AS sortfield FROM mail_objects;
CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_datefield AS SELECT
	object AS physmessage_id, timestampadd(SECOND, sent_date, '1970-01-01 00:00:00') AS datefield,
	timestampadd(SECOND, sent_date, '1970-01-01 00:00:00') AS sortfield FROM mail_objects;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_headername AS
	SELECT 1 AS id, 'from' AS headername UNION ALL SELECT 2, 'to' UNION ALL SELECT 3, 'cc'
	UNION ALL SELECT 4, 'bcc' UNION ALL SELECT 5, 'date' UNION ALL SELECT 6, 'subject'
	UNION ALL SELECT 7, 'content-type' UNION ALL SELECT 8, 'content-disposition'
	UNION ALL SELECT 9, 'references' UNION ALL SELECT 10, 'in-reply-to'
	UNION ALL SELECT 11, 'reply-to' UNION ALL SELECT 12, 'return-path';

CREATE OR REPLACE SQL SECURITY INVOKER VIEW dbmail_keywords AS
	SELECT e.id AS message_idnr, k.name AS keyword
	FROM mail_entries e JOIN mail_keywords k ON k.owner = e.owner AND k.mailbox = e.mailbox
	WHERE k.number < 48 AND (e.flags >> (k.number + 8)) & 1 = 1
	UNION ALL
	SELECT e.id, k.name
	FROM mail_entry_keywords x
	JOIN mail_entries e ON e.owner = x.owner AND e.mailbox = x.mailbox AND e.uid = x.uid
	JOIN mail_keywords k ON k.owner = x.owner AND k.mailbox = x.mailbox AND k.number = x.number;
