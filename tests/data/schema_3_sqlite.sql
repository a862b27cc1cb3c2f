-- A site of schema 3 on SQLite, made by the scripts 0001 to 0003 and the program of that time: two accounts, "one" and
-- "two", both with the password "password"; five messages of this folder to both, then flags, a copy, an expunge.
PRAGMA page_size = 4096;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA application_id = 1413631041;
PRAGMA user_version = 3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO dbmail_users VALUES(1,'__@!internal_delivery_user!@__','',0,0,0,'md5','1979-11-03 22:05:58','',0,1);
INSERT INTO dbmail_users VALUES(2,'anyone','',0,0,0,'md5','1979-11-03 22:05:58','',0,1);
INSERT INTO dbmail_users VALUES(3,'__public__','',0,0,0,'md5','1979-11-03 22:05:58','',0,1);
INSERT INTO dbmail_users VALUES(4,'one','$argon2id$v=19$m=19456,t=2,p=1$ZQkL4kxychXEI4zBGgVsrQ$Wk0qxfrPp80MU48Ku4umzJ3hxTPA0EWuJJS8Tp1pvj8',0,0,0,'argon2id','2026-11-21 07:07:11','',0,1);
INSERT INTO dbmail_users VALUES(5,'two','$argon2id$v=19$m=19456,t=2,p=1$2qM9xrP53Vn/O9O+j+aBmA$UlVy3g+WSWHDMZxpalRKSEFUobf0snM9Ygd27ljNTls',0,0,0,'argon2id','1979-11-03 22:05:58','',0,1);
CREATE TABLE dbmail_aliases (
	alias_idnr INTEGER PRIMARY KEY AUTOINCREMENT,
	alias TEXT NOT NULL DEFAULT '',
	deliver_to TEXT NOT NULL DEFAULT '',
	client_idnr INTEGER NOT NULL DEFAULT 0
);
INSERT INTO dbmail_aliases VALUES(1,'one@example.test','4',0);
INSERT INTO dbmail_aliases VALUES(2,'two@example.test','5',0);
INSERT INTO dbmail_aliases VALUES(3,'both@example.test','4',0);
INSERT INTO dbmail_aliases VALUES(4,'both@example.test','5',0);
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
INSERT INTO dbmail_mailboxes VALUES(1,4,'INBOX',0,0,0,0,0,0,0,0,2,1);
INSERT INTO dbmail_mailboxes VALUES(2,5,'INBOX',0,0,0,0,0,0,0,0,2,1);
INSERT INTO dbmail_mailboxes VALUES(3,4,'Archive',0,0,0,0,0,0,0,0,2,2);
INSERT INTO dbmail_mailboxes VALUES(4,4,'Archive/2026',0,0,0,0,0,0,0,0,2,2);
CREATE TABLE dbmail_subscription (
	user_id INTEGER NOT NULL,
	mailbox_id INTEGER NOT NULL,
	PRIMARY KEY (user_id, mailbox_id)
);
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
CREATE TABLE dbmail_sievescripts (
	owner_idnr INTEGER NOT NULL DEFAULT 0,
	name TEXT NOT NULL DEFAULT '',
	script TEXT,
	active BOOLEAN NOT NULL DEFAULT 0
);
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
CREATE TABLE dbmail_pbsp (
	idnr INTEGER PRIMARY KEY AUTOINCREMENT,
	since DATETIME NOT NULL DEFAULT '1980-01-01 22:05:58',
	ipnumber TEXT NOT NULL DEFAULT ''
);
CREATE TABLE dbmail_upgrade_steps (
	from_version INTEGER NOT NULL,
	to_version INTEGER NOT NULL,
	applied DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO dbmail_upgrade_steps VALUES(0,1,'2026-11-21 07:07:10');
INSERT INTO dbmail_upgrade_steps VALUES(1,2,'2026-11-21 07:07:10');
INSERT INTO dbmail_upgrade_steps VALUES(2,3,'2026-11-21 07:07:10');
CREATE TABLE dbmail_usermap (
	login TEXT NOT NULL,
	sock_allow TEXT NOT NULL,
	sock_deny TEXT NOT NULL,
	userid TEXT NOT NULL
);
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
INSERT INTO domains VALUES('example.test','local',1,'',0,0,0,0,1795244830);
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
INSERT INTO auth_keys VALUES(4,'SCRAM-SHA-1','$argon2id$v=19$m=19456,t=2,p=1$ZQkL4kxychXEI4zBGgVsrQ$Wk0qxfrPp80MU48Ku4umzJ3hxTPA0EWuJJS8Tp1pvj8','10000:3mSSIhtwAorbfFLWNpGFgQ==$gkINEGtbmf0nGkoleuykslunFGs=:wp7SAAmA97/14T2jNJFnFkOQJk4=');
INSERT INTO auth_keys VALUES(4,'SCRAM-SHA-256','$argon2id$v=19$m=19456,t=2,p=1$ZQkL4kxychXEI4zBGgVsrQ$Wk0qxfrPp80MU48Ku4umzJ3hxTPA0EWuJJS8Tp1pvj8','10000:KR7wnffWH+Ce8oVu250qLg==$B2EkVrAvZsbs9R9n9vuCOfYcNr6XI3KYDut63sCUZ34=:8YE/poPjDkSh2kRSaTXXWZNmS1WCsaAn4yXOgc1hvKY=');
INSERT INTO auth_keys VALUES(5,'SCRAM-SHA-1','$argon2id$v=19$m=19456,t=2,p=1$2qM9xrP53Vn/O9O+j+aBmA$UlVy3g+WSWHDMZxpalRKSEFUobf0snM9Ygd27ljNTls','10000:Gue6AmSYd9pu8+DheUw+eA==$/cbZkx8y1rVinVWSmZAmW/0UT8Y=:yT/+k5oTaCV/roVtC2X2dgkfetE=');
INSERT INTO auth_keys VALUES(5,'SCRAM-SHA-256','$argon2id$v=19$m=19456,t=2,p=1$2qM9xrP53Vn/O9O+j+aBmA$UlVy3g+WSWHDMZxpalRKSEFUobf0snM9Ygd27ljNTls','10000:f6QHRAdxLlsO9YKRH7rl9g==$6ATiws5UqUfiXDUg7eLJaObY9eBT76IOMRFYzlMJF/8=:I5TqTEGRJ1cmX5o3Wi1i3I2VgO5quQq4hGUCz0YPDVY=');
CREATE TABLE app_passwords (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user_idnr INTEGER NOT NULL,
	label TEXT NOT NULL,
	passwd TEXT NOT NULL,
	services TEXT NOT NULL DEFAULT '',
	created INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE audit_log (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,                      -- unix seconds
	actor TEXT NOT NULL,
	source TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	details TEXT NOT NULL DEFAULT ''
);
CREATE TABLE mail_nodes (
	number INTEGER PRIMARY KEY,               -- 0 to 1023: part of the ids that a node makes
	incarnation INTEGER NOT NULL,             -- a random number, new with each start of a process
	renewed INTEGER NOT NULL                  -- unix seconds
);
INSERT INTO mail_nodes VALUES(0,2054540028742001637,1795244831);
CREATE TABLE mail_accounts (
	owner INTEGER PRIMARY KEY,
	modseq INTEGER NOT NULL DEFAULT 1,
	bytes INTEGER NOT NULL DEFAULT 0,
	messages INTEGER NOT NULL DEFAULT 0,
	uidvalidity_last INTEGER NOT NULL DEFAULT 0
);
INSERT INTO mail_accounts VALUES(4,11,1810,5,1795244832);
INSERT INTO mail_accounts VALUES(5,6,1908,5,1795244830);
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
INSERT INTO mail_mailboxes VALUES(4,1,1795244830,6,4,3,0,1601,11,0,6,1);
INSERT INTO mail_mailboxes VALUES(4,3,1795244831,1,0,0,0,0,2,0,1,0);
INSERT INTO mail_mailboxes VALUES(4,4,1795244832,2,1,1,0,209,9,0,1,1);
INSERT INTO mail_mailboxes VALUES(5,2,1795244830,6,5,5,0,1908,6,0,1,1);
CREATE TABLE mail_keywords (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	number INTEGER NOT NULL,                  -- 0 to 255
	name TEXT NOT NULL,
	PRIMARY KEY (owner, mailbox, number)
) WITHOUT ROWID;
INSERT INTO mail_keywords VALUES(4,1,0,'$Label1');
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
INSERT INTO mail_entries VALUES(4,1,1,911875374386774018,911875374386774017,257,8,1795244831,0,1795244831,282);
INSERT INTO mail_entries VALUES(4,1,2,911875374923644929,911875374923644928,0,4,1795244831,0,1795244831,209);
INSERT INTO mail_entries VALUES(4,1,4,911875375838003201,911875375838003200,0,6,1795244831,0,1795244831,643);
INSERT INTO mail_entries VALUES(4,1,5,911875376249044994,911875376249044993,0,7,1795244831,0,1795244831,467);
INSERT INTO mail_entries VALUES(4,4,1,911875377092100096,911875374923644928,0,9,1795244831,0,1795244831,209);
INSERT INTO mail_entries VALUES(5,2,1,911875374390968321,911875374390968320,0,2,1795244831,0,1795244831,282);
INSERT INTO mail_entries VALUES(5,2,2,911875374923644931,911875374923644930,0,3,1795244831,0,1795244831,209);
INSERT INTO mail_entries VALUES(5,2,3,911875375380824066,911875375380824065,0,4,1795244831,0,1795244831,307);
INSERT INTO mail_entries VALUES(5,2,4,911875375838003203,911875375838003202,0,5,1795244831,0,1795244831,643);
INSERT INTO mail_entries VALUES(5,2,5,911875376253239297,911875376253239296,0,6,1795244831,0,1795244831,467);
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
INSERT INTO mail_objects VALUES(911875374386774017,4,282,214,50,X'6fe95ab90c45f58a0b74965899dd793a092ce21da6f5b90c6f9ead2ab8624bbf',1,911875374386774017,'plain@example.org',1795201896,'A PLAIN MESSAGE','ANN','BOB',NULL,NULL,X'010100a4014405','("Fri, 20 Nov 2026 20:11:36 +0100" "a plain message" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<plain@example.org>")','("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 68 5 NIL NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875374390968320,5,282,214,50,X'6fe95ab90c45f58a0b74965899dd793a092ce21da6f5b90c6f9ead2ab8624bbf',1,911875374390968320,'plain@example.org',1795201896,'A PLAIN MESSAGE','ANN','BOB',NULL,NULL,X'010100a4014405','("Fri, 20 Nov 2026 20:11:36 +0100" "a plain message" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<plain@example.org>")','("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 68 5 NIL NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875374923644928,4,209,201,50,X'20a64760a0ad3278142641be963b9458aeedb066c77aa2cf650898aef118120f',1,911875374923644928,'nul@example.org',1795201896,'NULS','ANN','BOB',NULL,NULL,X'01010097010802','("Fri, 20 Nov 2026 20:11:36 +0100" "NULs" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<nul@example.org>")','("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 2 NIL NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875374923644930,5,209,201,50,X'20a64760a0ad3278142641be963b9458aeedb066c77aa2cf650898aef118120f',1,911875374923644930,'nul@example.org',1795201896,'NULS','ANN','BOB',NULL,NULL,X'01010097010802','("Fri, 20 Nov 2026 20:11:36 +0100" "NULs" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<nul@example.org>")','("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 2 NIL NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875375376629761,4,307,287,50,X'5c75d1d4d42581c0590d474304425b2c041099c5c07f531aef9ef2d5eee7e767',1,911875375376629761,'raw@example.org',1795201896,'GRÜẞE','JOERG','BOB',NULL,NULL,X'010900ed011401',replace(replace('("Fri, 20 Nov 2026 20:11:36 +0100" {7}\r\nGrüße (({5}\r\nJörg NIL "joerg" "example.org")) (({5}\r\nJörg NIL "joerg" "example.org")) (({5}\r\nJörg NIL "joerg" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<raw@example.org>")','\r',char(13)),'\n',char(10)),'("text" "plain" ("charset" "utf-8") NIL NIL "8bit" 20 1 NIL NIL NIL NIL)',1);
INSERT INTO mail_objects VALUES(911875375380824065,5,307,287,50,X'5c75d1d4d42581c0590d474304425b2c041099c5c07f531aef9ef2d5eee7e767',1,911875375380824065,'raw@example.org',1795201896,'GRÜẞE','JOERG','BOB',NULL,NULL,X'010900ed011401',replace(replace('("Fri, 20 Nov 2026 20:11:36 +0100" {7}\r\nGrüße (({5}\r\nJörg NIL "joerg" "example.org")) (({5}\r\nJörg NIL "joerg" "example.org")) (({5}\r\nJörg NIL "joerg" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<raw@example.org>")','\r',char(13)),'\n',char(10)),'("text" "plain" ("charset" "utf-8") NIL NIL "8bit" 20 1 NIL NIL NIL NIL)',1);
INSERT INTO mail_objects VALUES(911875375838003200,4,643,292,50,X'95272aadd54bd5dd38e113c6cf152e219426f201197b1e813ac39285bdfc4ed3',1,911875375838003200,'attachment@example.org',1795201896,'WITH AN ATTACHMENT','ANN','BOB',NULL,NULL,X'010200f201df02110201093b0a00200be5010a01','("Fri, 20 Nov 2026 20:11:36 +0100" "with an attachment" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<attachment@example.org>")','(("text" "plain" ("charset" "us-ascii") NIL "the text" "7bit" 10 0 NIL NIL NIL NIL)("application" "octet-stream" ("name" "data.bin") "<part@example.org>" NIL "BASE64" 10 "N1r2sPRdE3tVqO1z0mUmBg==" ("attachment" ("filename" "data.bin" "size" "4")) NIL NIL) "mixed" ("boundary" "outer") NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875375838003202,5,643,292,50,X'95272aadd54bd5dd38e113c6cf152e219426f201197b1e813ac39285bdfc4ed3',1,911875375838003202,'attachment@example.org',1795201896,'WITH AN ATTACHMENT','ANN','BOB',NULL,NULL,X'010200f201df02110201093b0a00200be5010a01','("Fri, 20 Nov 2026 20:11:36 +0100" "with an attachment" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<attachment@example.org>")','(("text" "plain" ("charset" "us-ascii") NIL "the text" "7bit" 10 0 NIL NIL NIL NIL)("application" "octet-stream" ("name" "data.bin") "<part@example.org>" NIL "BASE64" 10 "N1r2sPRdE3tVqO1z0mUmBg==" ("attachment" ("filename" "data.bin" "size" "4")) NIL NIL) "mixed" ("boundary" "outer") NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875376249044993,4,467,209,50,X'ac915351e1e091a97997379e2f7307242b37c7149247a6bfabdcb4c761e18746',1,911875376249044993,'every@example.org',1795201896,'EVERY BYTE','ANN','BOB',NULL,NULL,X'0101009f01820202','("Fri, 20 Nov 2026 20:11:36 +0100" "every byte" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<every@example.org>")','("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 258 2 NIL NIL NIL NIL)',0);
INSERT INTO mail_objects VALUES(911875376253239296,5,467,209,50,X'ac915351e1e091a97997379e2f7307242b37c7149247a6bfabdcb4c761e18746',1,911875376253239296,'every@example.org',1795201896,'EVERY BYTE','ANN','BOB',NULL,NULL,X'0101009f01820202','("Fri, 20 Nov 2026 20:11:36 +0100" "every byte" (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Ann Example" NIL "ann" "example.org")) (("Bob" NIL "bob" "example.net")) NIL NIL NIL "<every@example.org>")','("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 258 2 NIL NIL NIL NIL)',0);
CREATE TABLE mail_contents (
	object INTEGER PRIMARY KEY,
	owner INTEGER NOT NULL,
	header BLOB NOT NULL,
	body BLOB NOT NULL,
	extents BLOB                              -- where bytes were taken out into blobs
);
INSERT INTO mail_contents VALUES(911875374386774017,4,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c706c61696e406578616d706c652e6f72673e0d0a5375626a6563743a206120706c61696e206d6573736167650d0a0d0a4f6e65206c696e652e0d0a2e616e64206f6e65207468617420626567696e732077697468206120646f740d0a2e2e616e642074776f0d0a2e0d0a54686520656e642e0d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875374390968320,5,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c706c61696e406578616d706c652e6f72673e0d0a5375626a6563743a206120706c61696e206d6573736167650d0a0d0a4f6e65206c696e652e0d0a2e616e64206f6e65207468617420626567696e732077697468206120646f740d0a2e2e616e642074776f0d0a2e0d0a54686520656e642e0d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875374923644928,4,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6e756c406578616d706c652e6f72673e0d0a5375626a6563743a204e554c730d0a0d0a6100620d0a000d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875374923644930,5,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6e756c406578616d706c652e6f72673e0d0a5375626a6563743a204e554c730d0a0d0a6100620d0a000d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875375376629761,4,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a204ac3b67267203c6a6f657267406578616d706c652e6f72673e0d0a546f3a20626f62406578616d706c652e6e65740d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c726177406578616d706c652e6f72673e0d0a5375626a6563743a204772c3bcc39f650d0a4d494d452d56657273696f6e3a20312e300d0a436f6e74656e742d547970653a20746578742f706c61696e3b20636861727365743d7574662d380d0a436f6e74656e742d5472616e736665722d456e636f64696e673a20386269740d0a0d0a4772c3bcc39f6520617573204265726c696e0d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875375380824065,5,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a204ac3b67267203c6a6f657267406578616d706c652e6f72673e0d0a546f3a20626f62406578616d706c652e6e65740d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c726177406578616d706c652e6f72673e0d0a5375626a6563743a204772c3bcc39f650d0a4d494d452d56657273696f6e3a20312e300d0a436f6e74656e742d547970653a20746578742f706c61696e3b20636861727365743d7574662d380d0a436f6e74656e742d5472616e736665722d456e636f64696e673a20386269740d0a0d0a4772c3bcc39f6520617573204265726c696e0d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875375838003200,4,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0128b52ffd6051018d0b0036584d2620adb8010386e584b784e302b2d4fa91bdb0bd30cd782efbfde984998a05a8950459b9050601430041003e0009af2daeb529cd358dd304ecc3011d0736cf3e9ee6d909a9b0cdb30291222cece7497305df3ec929b293942c9496e60a2c2a196de0ce91ed6b629c91d63d5a88498a10995c4014942bcfe4b4cd41aace44acf19467fc2bc316f6a4b0bcf77e9707cd350c67a1cb58693f3c899240696e9df7f211b3f0a98e98b2ca7b63178aff39b2701272d6b8f03831f8b95a408db1033407c1b8e9d7f7fd946cb88ccf54bce66406465e3d6d77a5b9e63ed3bf7df99f9152b5271ef99a8dcff4bfd75c730bda1fcd7566c92bce6eee3d4c7420455173cd419025c11cb0a6c25990787887543530d4873a0a0b092614caf3215522c942cb632529971e6d88ea4c2d035057c4ba90be22c442620d15007d93c15fe38d2040dfe20cae0b306a4610b698b503c0da0b061c1d8636c58a3adcd8b375803198976b36ddb0c630020ae5f4592c304c3c',X'',NULL);
INSERT INTO mail_contents VALUES(911875375838003202,5,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0128b52ffd6051018d0b0036584d2620adb8010386e584b784e302b2d4fa91bdb0bd30cd782efbfde984998a05a8950459b9050601430041003e0009af2daeb529cd358dd304ecc3011d0736cf3e9ee6d909a9b0cdb30291222cece7497305df3ec929b293942c9496e60a2c2a196de0ce91ed6b629c91d63d5a88498a10995c4014942bcfe4b4cd41aace44acf19467fc2bc316f6a4b0bcf77e9707cd350c67a1cb58693f3c899240696e9df7f211b3f0a98e98b2ca7b63178aff39b2701272d6b8f03831f8b95a408db1033407c1b8e9d7f7fd946cb88ccf54bce66406465e3d6d77a5b9e63ed3bf7df99f9152b5271ef99a8dcff4bfd75c730bda1fcd7566c92bce6eee3d4c7420455173cd419025c11cb0a6c25990787887543530d4873a0a0b092614caf3215522c942cb632529971e6d88ea4c2d035057c4ba90be22c442620d15007d93c15fe38d2040dfe20cae0b306a4610b698b503c0da0b061c1d8636c58a3adcd8b375803198976b36ddb0c630020ae5f4592c304c3c',X'',NULL);
INSERT INTO mail_contents VALUES(911875376249044993,4,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6576657279406578616d706c652e6f72673e0d0a5375626a6563743a20657665727920627974650d0a0d0a000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0d0a',X'',NULL);
INSERT INTO mail_contents VALUES(911875376253239296,5,X'023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6576657279406578616d706c652e6f72673e0d0a5375626a6563743a20657665727920627974650d0a0d0a000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0d0a',X'',NULL);
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
CREATE TABLE mail_blob_refs (
	hash BLOB NOT NULL,
	owner INTEGER NOT NULL,
	object INTEGER NOT NULL,
	PRIMARY KEY (hash, owner, object)
) WITHOUT ROWID;
CREATE TABLE mail_thread_ids (
	owner INTEGER NOT NULL,
	id_hash INTEGER NOT NULL,                 -- of the message-id
	subject_hash INTEGER NOT NULL,
	thread INTEGER NOT NULL,
	PRIMARY KEY (owner, id_hash, subject_hash)
) WITHOUT ROWID;
INSERT INTO mail_thread_ids VALUES(4,-8556319366227132567,-8874795605923615313,911875375838003200);
INSERT INTO mail_thread_ids VALUES(4,-6943848011131137135,1449519131548371582,911875375376629761);
INSERT INTO mail_thread_ids VALUES(4,5229778534813693477,-7126147912741821083,911875374923644928);
INSERT INTO mail_thread_ids VALUES(4,6417982126502232085,8749498331580581923,911875374386774017);
INSERT INTO mail_thread_ids VALUES(4,6918769097635012246,7649632984202255965,911875376249044993);
INSERT INTO mail_thread_ids VALUES(5,-8556319366227132567,-8874795605923615313,911875375838003202);
INSERT INTO mail_thread_ids VALUES(5,-6943848011131137135,1449519131548371582,911875375380824065);
INSERT INTO mail_thread_ids VALUES(5,5229778534813693477,-7126147912741821083,911875374923644930);
INSERT INTO mail_thread_ids VALUES(5,6417982126502232085,8749498331580581923,911875374390968320);
INSERT INTO mail_thread_ids VALUES(5,6918769097635012246,7649632984202255965,911875376253239296);
CREATE TABLE mail_expunged (
	owner INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,
	modseq INTEGER NOT NULL,
	first_uid INTEGER NOT NULL,
	last_uid INTEGER NOT NULL,
	at INTEGER NOT NULL,                      -- unix seconds
	PRIMARY KEY (owner, mailbox, modseq, first_uid)
) WITHOUT ROWID;
INSERT INTO mail_expunged VALUES(4,1,11,3,3,1795244831);
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
INSERT INTO mail_removed VALUES(4,1,3,911875375380824064,911875375376629761,8,1795244831,0,1795244831,307,1795244831);
CREATE TABLE mail_journal (
	owner INTEGER NOT NULL,
	id INTEGER NOT NULL,                      -- a big COPY or MOVE that is undone if unfinished
	node INTEGER NOT NULL,
	mailbox INTEGER NOT NULL,                 -- the target
	uid_first INTEGER NOT NULL,               -- the entries that belong to it
	uid_last INTEGER NOT NULL,
	started INTEGER NOT NULL, from_owner INTEGER NOT NULL DEFAULT 0, from_mailbox INTEGER NOT NULL DEFAULT 0,
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
CREATE TABLE site_secrets (
	name TEXT PRIMARY KEY,                    -- 'scram': the salts of logins are made with it
	value TEXT NOT NULL                       -- hexadecimal
) WITHOUT ROWID;
INSERT INTO site_secrets VALUES('scram','b2b32c86ae5208147e25d964feacad282cff95034ac2aa67fe06132137f07a98');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('dbmail_users',5);
INSERT INTO sqlite_sequence VALUES('dbmail_mailboxes',4);
INSERT INTO sqlite_sequence VALUES('dbmail_aliases',4);
CREATE UNIQUE INDEX dbmail_users_name ON dbmail_users (userid);
CREATE INDEX dbmail_users_lower ON dbmail_users (lower(userid));
CREATE INDEX dbmail_users_domain ON dbmail_users (lower(substr(userid, instr(userid, '@') + 1)));
CREATE INDEX dbmail_aliases_alias ON dbmail_aliases (alias);
CREATE INDEX dbmail_aliases_lower ON dbmail_aliases (lower(alias));
CREATE INDEX dbmail_aliases_domain ON dbmail_aliases (lower(substr(alias, instr(alias, '@') + 1)));
CREATE INDEX dbmail_aliases_target ON dbmail_aliases (deliver_to);
CREATE INDEX dbmail_aliases_client ON dbmail_aliases (client_idnr);
CREATE UNIQUE INDEX dbmail_mailboxes_owner_name ON dbmail_mailboxes (owner_idnr, name);
CREATE INDEX dbmail_mailboxes_name ON dbmail_mailboxes (name);
CREATE INDEX dbmail_mailboxes_seq ON dbmail_mailboxes (seq);
CREATE INDEX dbmail_subscription_mailbox ON dbmail_subscription (mailbox_id);
CREATE INDEX dbmail_acl_mailbox ON dbmail_acl (mailbox_id);
CREATE UNIQUE INDEX dbmail_sievescripts_owner_name ON dbmail_sievescripts (owner_idnr, name);
CREATE INDEX dbmail_filters_user ON dbmail_filters (user_id);
CREATE UNIQUE INDEX dbmail_replycache_key ON dbmail_replycache (to_addr, from_addr, handle);
CREATE UNIQUE INDEX dbmail_pbsp_ipnumber ON dbmail_pbsp (ipnumber);
CREATE INDEX dbmail_pbsp_since ON dbmail_pbsp (since);
CREATE UNIQUE INDEX dbmail_upgrade_steps_key ON dbmail_upgrade_steps (from_version, to_version);
CREATE UNIQUE INDEX dbmail_usermap_key ON dbmail_usermap (login, sock_allow, userid);
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
CREATE INDEX app_passwords_user ON app_passwords (user_idnr);
CREATE INDEX mail_entries_modseq ON mail_entries (owner, mailbox, modseq);
CREATE INDEX mail_entries_object ON mail_entries (object, owner);
CREATE UNIQUE INDEX mail_chunks_key ON mail_chunks (hash, n);
CREATE INDEX mail_blob_refs_object ON mail_blob_refs (object, owner);
CREATE INDEX mail_removed_object ON mail_removed (object, owner);
CREATE INDEX mail_removed_when ON mail_removed (removed);
CREATE INDEX delivery_keys_created ON delivery_keys (created);
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
COMMIT;
