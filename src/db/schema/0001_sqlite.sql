-- Administration: DBMail's tables, name for name, column for column, in its order.
-- No column of ours is ever added here: companions carry what we need beside one.

CREATE TABLE dbmail_users (
	user_idnr INTEGER PRIMARY KEY AUTOINCREMENT,
	userid TEXT NOT NULL,
	passwd TEXT NOT NULL DEFAULT '',
	client_idnr INTEGER NOT NULL DEFAULT 0,
	maxmail_size INTEGER NOT NULL DEFAULT 0,
	curmail_size INTEGER NOT NULL DEFAULT 0,
	encryption_type TEXT NOT NULL DEFAULT '',
	last_login DATETIME NOT NULL DEFAULT '1979-11-03 22:05:58',
	spasswd TEXT NOT NULL DEFAULT '',
	saction SMALLINT NOT NULL DEFAULT 0,
	active SMALLINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX dbmail_users_name ON dbmail_users (userid);
CREATE INDEX dbmail_users_lower ON dbmail_users (lower(userid));
CREATE INDEX dbmail_users_domain ON dbmail_users (lower(substr(userid, instr(userid, '@') + 1)));

CREATE TABLE dbmail_aliases (
	alias_idnr INTEGER PRIMARY KEY AUTOINCREMENT,
	alias TEXT NOT NULL DEFAULT '',
	deliver_to TEXT NOT NULL DEFAULT '',
	client_idnr INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX dbmail_aliases_alias ON dbmail_aliases (alias);
CREATE INDEX dbmail_aliases_lower ON dbmail_aliases (lower(alias));
CREATE INDEX dbmail_aliases_domain ON dbmail_aliases (lower(substr(alias, instr(alias, '@') + 1)));
CREATE INDEX dbmail_aliases_target ON dbmail_aliases (deliver_to);
CREATE INDEX dbmail_aliases_client ON dbmail_aliases (client_idnr);

CREATE TABLE dbmail_mailboxes (
	mailbox_idnr INTEGER PRIMARY KEY AUTOINCREMENT,
	owner_idnr INTEGER NOT NULL DEFAULT 0,
	name TEXT NOT NULL DEFAULT '',
	seen_flag BOOLEAN NOT NULL DEFAULT 0,
	answered_flag BOOLEAN NOT NULL DEFAULT 0,
	deleted_flag BOOLEAN NOT NULL DEFAULT 0,
	flagged_flag BOOLEAN NOT NULL DEFAULT 0,
	recent_flag BOOLEAN NOT NULL DEFAULT 0,
	draft_flag BOOLEAN NOT NULL DEFAULT 0,
	no_inferiors BOOLEAN NOT NULL DEFAULT 0,
	no_select BOOLEAN NOT NULL DEFAULT 0,
	permission BOOLEAN DEFAULT 2,
	seq INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX dbmail_mailboxes_owner_name ON dbmail_mailboxes (owner_idnr, name);
CREATE INDEX dbmail_mailboxes_name ON dbmail_mailboxes (name);
CREATE INDEX dbmail_mailboxes_seq ON dbmail_mailboxes (seq);

CREATE TABLE dbmail_subscription (
	user_id INTEGER NOT NULL,
	mailbox_id INTEGER NOT NULL,
	PRIMARY KEY (user_id, mailbox_id)
);
CREATE INDEX dbmail_subscription_mailbox ON dbmail_subscription (mailbox_id);

CREATE TABLE dbmail_acl (
	user_id INTEGER NOT NULL,
	mailbox_id INTEGER NOT NULL,
	lookup_flag BOOLEAN NOT NULL DEFAULT 0,
	read_flag BOOLEAN NOT NULL DEFAULT 0,
	seen_flag BOOLEAN NOT NULL DEFAULT 0,
	write_flag BOOLEAN NOT NULL DEFAULT 0,
	insert_flag BOOLEAN NOT NULL DEFAULT 0,
	post_flag BOOLEAN NOT NULL DEFAULT 0,
	create_flag BOOLEAN NOT NULL DEFAULT 0,
	delete_flag BOOLEAN NOT NULL DEFAULT 0,
	deleted_flag BOOLEAN NOT NULL DEFAULT 0,
	expunge_flag BOOLEAN NOT NULL DEFAULT 0,
	administer_flag BOOLEAN NOT NULL DEFAULT 0,
	PRIMARY KEY (user_id, mailbox_id)
);
CREATE INDEX dbmail_acl_mailbox ON dbmail_acl (mailbox_id);

CREATE TABLE dbmail_sievescripts (
	owner_idnr INTEGER NOT NULL DEFAULT 0,
	name TEXT NOT NULL DEFAULT '',
	script TEXT,
	active BOOLEAN NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX dbmail_sievescripts_owner_name ON dbmail_sievescripts (owner_idnr, name);

CREATE TABLE dbmail_auto_notifications (
	user_idnr INTEGER PRIMARY KEY,
	notify_address TEXT NOT NULL DEFAULT ''
);

CREATE TABLE dbmail_auto_replies (
	user_idnr INTEGER PRIMARY KEY,
	start_date DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	stop_date DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	reply_body TEXT
);

CREATE TABLE dbmail_filters (
	user_id INTEGER NOT NULL,
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	headername TEXT NOT NULL DEFAULT '',
	headervalue TEXT NOT NULL DEFAULT '',
	mailbox TEXT NOT NULL DEFAULT ''
);
CREATE INDEX dbmail_filters_user ON dbmail_filters (user_id);

CREATE TABLE dbmail_authlog (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	userid TEXT,
	service TEXT,
	login_time DATETIME,
	logout_time DATETIME,
	src_ip TEXT,
	src_port INTEGER,
	dst_ip TEXT,
	dst_port INTEGER,
	status TEXT DEFAULT 'active',
	bytes_rx INTEGER NOT NULL DEFAULT 0,
	bytes_tx INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE dbmail_replycache (
	to_addr TEXT NOT NULL DEFAULT '',
	from_addr TEXT NOT NULL DEFAULT '',
	handle TEXT NOT NULL DEFAULT '',
	lastseen DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58'
);
CREATE UNIQUE INDEX dbmail_replycache_key ON dbmail_replycache (to_addr, from_addr, handle);

CREATE TABLE dbmail_pbsp (
	idnr INTEGER PRIMARY KEY AUTOINCREMENT,
	since DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	ipnumber TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX dbmail_pbsp_ipnumber ON dbmail_pbsp (ipnumber);
CREATE INDEX dbmail_pbsp_since ON dbmail_pbsp (since);

CREATE TABLE dbmail_upgrade_steps (
	from_version INTEGER NOT NULL,
	to_version INTEGER NOT NULL,
	applied DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX dbmail_upgrade_steps_key ON dbmail_upgrade_steps (from_version, to_version);

CREATE TABLE dbmail_usermap (
	login TEXT NOT NULL,
	sock_allow TEXT NOT NULL,
	sock_deny TEXT NOT NULL,
	userid TEXT NOT NULL
);
CREATE UNIQUE INDEX dbmail_usermap_key ON dbmail_usermap (login, sock_allow, userid);

-- DBMail's keys among these tables, as triggers: the engine's shell has foreign keys off.
-- (Deleting an account or a folder makes it invisible at once; its mail is swept later.)

CREATE TRIGGER tabella_users_delete AFTER DELETE ON dbmail_users BEGIN
	DELETE FROM dbmail_mailboxes WHERE owner_idnr = OLD.user_idnr;
	DELETE FROM dbmail_subscription WHERE user_id = OLD.user_idnr;
	DELETE FROM dbmail_acl WHERE user_id = OLD.user_idnr;
	DELETE FROM dbmail_sievescripts WHERE owner_idnr = OLD.user_idnr;
	DELETE FROM dbmail_auto_notifications WHERE user_idnr = OLD.user_idnr;
	DELETE FROM dbmail_auto_replies WHERE user_idnr = OLD.user_idnr;
	DELETE FROM dbmail_filters WHERE user_id = OLD.user_idnr;
	DELETE FROM account_settings WHERE user_idnr = OLD.user_idnr;
	DELETE FROM auth_keys WHERE user_idnr = OLD.user_idnr;
	DELETE FROM app_passwords WHERE user_idnr = OLD.user_idnr;
	DELETE FROM domain_admins WHERE user_idnr = OLD.user_idnr;
END;
CREATE TRIGGER tabella_mailboxes_delete AFTER DELETE ON dbmail_mailboxes BEGIN
	DELETE FROM dbmail_subscription WHERE mailbox_id = OLD.mailbox_idnr;
	DELETE FROM dbmail_acl WHERE mailbox_id = OLD.mailbox_idnr;
	DELETE FROM mailbox_settings WHERE mailbox_idnr = OLD.mailbox_idnr;
	DELETE FROM acl_extra WHERE mailbox_id = OLD.mailbox_idnr;
END;
CREATE TRIGGER tabella_mailboxes_insert BEFORE INSERT ON dbmail_mailboxes
WHEN (SELECT user_idnr FROM dbmail_users WHERE user_idnr = NEW.owner_idnr) IS NULL BEGIN
	SELECT RAISE(ABORT, 'dbmail_mailboxes.owner_idnr names no account');
END;
CREATE TRIGGER tabella_acl_insert BEFORE INSERT ON dbmail_acl
WHEN (SELECT user_idnr FROM dbmail_users WHERE user_idnr = NEW.user_id) IS NULL
	OR (SELECT mailbox_idnr FROM dbmail_mailboxes WHERE mailbox_idnr = NEW.mailbox_id) IS NULL BEGIN
	SELECT RAISE(ABORT, 'dbmail_acl names no account or no mailbox');
END;
CREATE TRIGGER tabella_subscription_insert BEFORE INSERT ON dbmail_subscription
WHEN (SELECT user_idnr FROM dbmail_users WHERE user_idnr = NEW.user_id) IS NULL
	OR (SELECT mailbox_idnr FROM dbmail_mailboxes WHERE mailbox_idnr = NEW.mailbox_id) IS NULL BEGIN
	SELECT RAISE(ABORT, 'dbmail_subscription names no account or no mailbox');
END;

INSERT INTO dbmail_users (user_idnr, userid, passwd, encryption_type) VALUES
	(1, '__@!internal_delivery_user!@__', '', 'md5'),
	(2, 'anyone', '', 'md5'),
	(3, '__public__', '', 'md5');

-- Companions of the administration tables.

CREATE TABLE domains (
	name TEXT PRIMARY KEY,                    -- lower case, A-label form
	kind TEXT NOT NULL DEFAULT 'local',       -- local, relay, backup
	active SMALLINT NOT NULL DEFAULT 1,
	description TEXT NOT NULL DEFAULT '',
	max_accounts INTEGER NOT NULL DEFAULT 0,  -- 0: no limit
	max_aliases INTEGER NOT NULL DEFAULT 0,
	max_quota INTEGER NOT NULL DEFAULT 0,     -- bytes for one account
	quota INTEGER NOT NULL DEFAULT 0,         -- bytes for the domain
	created INTEGER NOT NULL DEFAULT 0        -- unix seconds
) WITHOUT ROWID;

CREATE TABLE domain_admins (
	domain TEXT NOT NULL,
	user_idnr INTEGER NOT NULL,
	PRIMARY KEY (domain, user_idnr)
) WITHOUT ROWID;

CREATE TABLE account_settings (
	user_idnr INTEGER NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (user_idnr, name)
) WITHOUT ROWID;

CREATE TABLE mailbox_settings (
	mailbox_idnr INTEGER NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (mailbox_idnr, name)
) WITHOUT ROWID;

CREATE TABLE acl_extra (
	mailbox_id INTEGER NOT NULL,
	identifier TEXT NOT NULL,                 -- groups and negative rights, which dbmail_acl cannot say
	rights TEXT NOT NULL,
	PRIMARY KEY (mailbox_id, identifier)
) WITHOUT ROWID;

CREATE TABLE auth_keys (
	user_idnr INTEGER NOT NULL,
	mechanism TEXT NOT NULL,
	made_from TEXT NOT NULL,                  -- the stored hash that these keys belong to
	data TEXT NOT NULL,
	PRIMARY KEY (user_idnr, mechanism)
) WITHOUT ROWID;

CREATE TABLE app_passwords (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user_idnr INTEGER NOT NULL,
	label TEXT NOT NULL,
	passwd TEXT NOT NULL,
	services TEXT NOT NULL DEFAULT '',
	created INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX app_passwords_user ON app_passwords (user_idnr);

CREATE TABLE audit_log (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,                      -- unix seconds
	actor TEXT NOT NULL,
	source TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	details TEXT NOT NULL DEFAULT ''
);

-- Mail: led by the owning account's id. What a table means is said in docs/schema.md.

CREATE TABLE mail_nodes (
	number INTEGER PRIMARY KEY,               -- 0 to 1023: part of the ids that a node makes
	incarnation INTEGER NOT NULL,             -- a random number, new with each start of a process
	renewed INTEGER NOT NULL                  -- unix seconds
);

CREATE TABLE mail_accounts (
	owner INTEGER PRIMARY KEY,
	modseq INTEGER NOT NULL DEFAULT 1,
	bytes INTEGER NOT NULL DEFAULT 0,
	messages INTEGER NOT NULL DEFAULT 0,
	uidvalidity_last INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE mail_mailboxes (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	uidvalidity INTEGER NOT NULL,
	uidnext INTEGER NOT NULL DEFAULT 1,
	messages INTEGER NOT NULL DEFAULT 0,
	unseen INTEGER NOT NULL DEFAULT 0,
	deleted INTEGER NOT NULL DEFAULT 0,
	size INTEGER NOT NULL DEFAULT 0,
	highestmodseq INTEGER NOT NULL DEFAULT 1,
	expunged_floor INTEGER NOT NULL DEFAULT 0,
	first_recent INTEGER NOT NULL DEFAULT 1,  -- uids from here on are \Recent to the next session
	first_unseen INTEGER NOT NULL DEFAULT 0,  -- every uid below is \Seen
	PRIMARY KEY (owner, mailbox)
) WITHOUT ROWID;

CREATE TABLE mail_keywords (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	number INTEGER NOT NULL,                  -- 0 to 255
	name TEXT NOT NULL,
	PRIMARY KEY (owner, mailbox, number)
) WITHOUT ROWID;

CREATE TABLE mail_entries (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	id INTEGER NOT NULL,
	object INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	modseq INTEGER NOT NULL,
	internal_date INTEGER NOT NULL,           -- unix seconds
	internal_zone INTEGER NOT NULL DEFAULT 0, -- minutes east of Greenwich
	save_date INTEGER NOT NULL,
	size INTEGER NOT NULL,
	PRIMARY KEY (owner, mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX mail_entries_modseq ON mail_entries (owner, mailbox, modseq);
CREATE INDEX mail_entries_object ON mail_entries (object, owner); -- objects are ordered by time: appended

CREATE TABLE mail_entry_keywords (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	number INTEGER NOT NULL,                  -- keywords that the mask has no bit for
	PRIMARY KEY (owner, mailbox, uid, number)
) WITHOUT ROWID;

CREATE TABLE mail_seen (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	PRIMARY KEY (owner, mailbox, user_id, uid)
) WITHOUT ROWID;

CREATE TABLE mail_objects (
	object INTEGER PRIMARY KEY,               -- made by the node: appended, never random
	owner INTEGER NOT NULL,
	size INTEGER NOT NULL,                    -- bytes, trace headers included
	header_size INTEGER NOT NULL,             -- of them up to and with the empty line
	trace_size INTEGER NOT NULL,              -- of them put in front by us at delivery
	sha256 BLOB NOT NULL,                     -- of the bytes behind the trace headers
	parser INTEGER NOT NULL,                  -- version that computed what follows
	thread INTEGER NOT NULL,
	message_id TEXT,
	sent_date INTEGER,                        -- unix seconds; NULL: none in the header
	sort_subject TEXT,
	sort_from TEXT,
	sort_to TEXT,
	sort_cc TEXT,
	preview TEXT,                             -- NULL: not computed
	parts BLOB NOT NULL,                      -- offsets
	envelope TEXT NOT NULL,                   -- ENVELOPE, ready to send
	structure TEXT NOT NULL,                  -- BODYSTRUCTURE, ready to send
	encoded INTEGER NOT NULL DEFAULT 0        -- 1: holds 8-bit text
);

CREATE TABLE mail_contents (
	object INTEGER PRIMARY KEY,
	owner INTEGER NOT NULL,
	header BLOB NOT NULL,
	body BLOB NOT NULL,
	extents BLOB                              -- where bytes were taken out into blobs
);

CREATE TABLE mail_blobs (
	hash BLOB PRIMARY KEY,                    -- SHA-256 of the bytes
	size INTEGER NOT NULL,
	chunks INTEGER NOT NULL,
	touched INTEGER NOT NULL                  -- unix seconds; the sweeper takes old unreferenced ones
) WITHOUT ROWID;

CREATE TABLE mail_chunks (
	hash BLOB NOT NULL,
	n INTEGER NOT NULL,
	data BLOB NOT NULL
);
CREATE UNIQUE INDEX mail_chunks_key ON mail_chunks (hash, n);

CREATE TABLE mail_blob_refs (
	hash BLOB NOT NULL,
	owner INTEGER NOT NULL,
	object INTEGER NOT NULL,
	PRIMARY KEY (hash, owner, object)
) WITHOUT ROWID;
CREATE INDEX mail_blob_refs_object ON mail_blob_refs (object, owner);

CREATE TABLE mail_thread_ids (
	owner INTEGER NOT NULL,
	id_hash INTEGER NOT NULL,                 -- of the message-id
	subject_hash INTEGER NOT NULL,
	thread INTEGER NOT NULL,
	PRIMARY KEY (owner, id_hash, subject_hash)
) WITHOUT ROWID;

CREATE TABLE mail_expunged (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	modseq INTEGER NOT NULL,
	first_uid INTEGER NOT NULL,
	last_uid INTEGER NOT NULL,
	at INTEGER NOT NULL,                      -- unix seconds
	PRIMARY KEY (owner, mailbox, modseq, first_uid)
) WITHOUT ROWID;

CREATE TABLE mail_removed (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	id INTEGER NOT NULL,
	object INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	internal_date INTEGER NOT NULL,
	internal_zone INTEGER NOT NULL DEFAULT 0,
	save_date INTEGER NOT NULL,
	size INTEGER NOT NULL,
	removed INTEGER NOT NULL,                 -- unix seconds
	PRIMARY KEY (owner, mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX mail_removed_object ON mail_removed (object, owner);
CREATE INDEX mail_removed_when ON mail_removed (removed);

CREATE TABLE mail_journal (
	owner INTEGER NOT NULL,
	id INTEGER NOT NULL,                      -- a big COPY or MOVE that is undone if unfinished
	node INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,                 -- the target
	uid_first INTEGER NOT NULL,               -- the entries that belong to it
	uid_last INTEGER NOT NULL,
	started INTEGER NOT NULL,
	PRIMARY KEY (owner, id)
) WITHOUT ROWID;

CREATE TABLE delivery_keys (
	owner INTEGER NOT NULL,
	delivery_key BLOB NOT NULL,
	session INTEGER NOT NULL,
	serial INTEGER NOT NULL,                  -- which delivery of the session
	node INTEGER NOT NULL,                    -- incarnation
	created INTEGER NOT NULL,
	PRIMARY KEY (owner, delivery_key, session, serial)
) WITHOUT ROWID;
CREATE INDEX delivery_keys_created ON delivery_keys (created);

-- What people read by hand: DBMail's names for our mail.

CREATE VIEW dbmail_messages AS SELECT
	e.id AS message_idnr, e.mailbox AS mailbox_idnr, e.object AS physmessage_id,
	(e.flags & 1) <> 0 AS seen_flag, (e.flags & 2) <> 0 AS answered_flag,
	(e.flags & 8) <> 0 AS deleted_flag, (e.flags & 4) <> 0 AS flagged_flag,
	e.uid >= m.first_recent AS recent_flag, (e.flags & 16) <> 0 AS draft_flag,
	printf('%032x', e.id) AS unique_id, 0 AS status, e.modseq AS seq
FROM mail_entries e
JOIN mail_mailboxes m ON m.owner = e.owner AND m.mailbox = e.mailbox
JOIN dbmail_mailboxes b ON b.mailbox_idnr = e.mailbox AND b.owner_idnr = e.owner;

CREATE VIEW dbmail_physmessage AS SELECT
	o.object AS id, o.size AS messagesize, o.size AS rfcsize,
	datetime((SELECT min(e.internal_date) FROM mail_entries e WHERE e.object = o.object AND e.owner = o.owner),
		'unixepoch') AS internal_date
FROM mail_objects o;

CREATE VIEW dbmail_envelope AS SELECT
	object AS id, object AS physmessage_id, envelope FROM mail_objects;

CREATE VIEW dbmail_subjectfield AS SELECT
	object AS physmessage_id, sort_subject AS subjectfield, sort_subject AS sortfield FROM mail_objects;
CREATE VIEW dbmail_fromfield AS SELECT
	object AS physmessage_id, sort_from AS fromfield, sort_from AS sortfield FROM mail_objects;
CREATE VIEW dbmail_tofield AS SELECT
	object AS physmessage_id, sort_to AS tofield, sort_to AS sortfield FROM mail_objects;
CREATE VIEW dbmail_ccfield AS SELECT
	object AS physmessage_id, sort_cc AS ccfield, sort_cc AS sortfield FROM mail_objects;
CREATE VIEW dbmail_datefield AS SELECT
	object AS physmessage_id, datetime(sent_date, 'unixepoch') AS datefield,
	datetime(sent_date, 'unixepoch') AS sortfield FROM mail_objects;

CREATE VIEW dbmail_headername AS
	SELECT 1 AS id, 'from' AS headername UNION ALL SELECT 2, 'to' UNION ALL SELECT 3, 'cc'
	UNION ALL SELECT 4, 'bcc' UNION ALL SELECT 5, 'date' UNION ALL SELECT 6, 'subject'
	UNION ALL SELECT 7, 'content-type' UNION ALL SELECT 8, 'content-disposition'
	UNION ALL SELECT 9, 'references' UNION ALL SELECT 10, 'in-reply-to'
	UNION ALL SELECT 11, 'reply-to' UNION ALL SELECT 12, 'return-path';

CREATE VIEW dbmail_keywords AS
	SELECT e.id AS message_idnr, k.name AS keyword
	FROM mail_entries e JOIN mail_keywords k ON k.owner = e.owner AND k.mailbox = e.mailbox
	WHERE k.number < 48 AND (e.flags >> (k.number + 8)) & 1 = 1
	UNION ALL
	SELECT e.id, k.name
	FROM mail_entry_keywords x
	JOIN mail_entries e ON e.owner = x.owner AND e.mailbox = x.mailbox AND e.uid = x.uid
	JOIN mail_keywords k ON k.owner = x.owner AND k.mailbox = x.mailbox AND k.number = x.number;
