/*
 * store/site_tables.c - the list of tables and columns.
 *
 * long because: it is one table.
 */
#include "store/site_tables.h"

#include "base/str.h"

#define I(column)                                                                              \
	{                                                                                      \
		(column), SITE_INT                                                             \
	}
#define T(column)                                                                              \
	{                                                                                      \
		(column), SITE_TEXT                                                            \
	}
#define B(column)                                                                              \
	{                                                                                      \
		(column), SITE_BLOB                                                            \
	}
#define D(column)                                                                              \
	{                                                                                      \
		(column), SITE_TIME                                                            \
	}
#define COLUMNS(table) .name = #table, .columns = (table), .column_count = COUNT(table)
#define OF_THE_DATABASE(table) .name = (table)

static const struct site_column dbmail_users[] = {
	I("user_idnr"),
	T("userid"),
	T("passwd"),
	I("client_idnr"),
	I("maxmail_size"),
	I("curmail_size"),
	T("encryption_type"),
	D("last_login"),
	T("spasswd"),
	I("saction"),
	I("active"),
};
static const struct site_column dbmail_aliases[] = {
	I("alias_idnr"),
	T("alias"),
	T("deliver_to"),
	I("client_idnr"),
};
static const struct site_column dbmail_mailboxes[] = {
	I("mailbox_idnr"),
	I("owner_idnr"),
	T("name"),
	I("seen_flag"),
	I("answered_flag"),
	I("deleted_flag"),
	I("flagged_flag"),
	I("recent_flag"),
	I("draft_flag"),
	I("no_inferiors"),
	I("no_select"),
	I("permission"),
	I("seq"),
};
static const struct site_column dbmail_subscription[] = {
	I("user_id"),
	I("mailbox_id"),
};
static const struct site_column dbmail_acl[] = {
	I("user_id"),
	I("mailbox_id"),
	I("lookup_flag"),
	I("read_flag"),
	I("seen_flag"),
	I("write_flag"),
	I("insert_flag"),
	I("post_flag"),
	I("create_flag"),
	I("delete_flag"),
	I("deleted_flag"),
	I("expunge_flag"),
	I("administer_flag"),
};
static const struct site_column dbmail_sievescripts[] = {
	I("owner_idnr"),
	T("name"),
	T("script"),
	I("active"),
};
static const struct site_column dbmail_auto_notifications[] = {
	I("user_idnr"),
	T("notify_address"),
};
static const struct site_column dbmail_auto_replies[] = {
	I("user_idnr"),
	D("start_date"),
	D("stop_date"),
	T("reply_body"),
};
static const struct site_column dbmail_filters[] = {
	I("user_id"),
	I("id"),
	T("headername"),
	T("headervalue"),
	T("mailbox"),
};
static const struct site_column dbmail_authlog[] = {
	I("id"),
	T("userid"),
	T("service"),
	D("login_time"),
	D("logout_time"),
	T("src_ip"),
	I("src_port"),
	T("dst_ip"),
	I("dst_port"),
	T("status"),
	I("bytes_rx"),
	I("bytes_tx"),
};
static const struct site_column dbmail_replycache[] = {
	T("to_addr"),
	T("from_addr"),
	T("handle"),
	D("lastseen"),
};
static const struct site_column dbmail_pbsp[] = {
	I("idnr"),
	D("since"),
	T("ipnumber"),
};
static const struct site_column dbmail_usermap[] = {
	T("login"),
	T("sock_allow"),
	T("sock_deny"),
	T("userid"),
};
static const struct site_column domains[] = {
	T("name"),
	T("kind"),
	I("active"),
	T("description"),
	I("max_accounts"),
	I("max_aliases"),
	I("max_quota"),
	I("quota"),
	I("created"),
};
static const struct site_column domain_admins[] = {
	T("domain"),
	I("user_idnr"),
};
static const struct site_column account_settings[] = {
	I("user_idnr"),
	T("name"),
	T("value"),
};
static const struct site_column mailbox_settings[] = {
	I("mailbox_idnr"),
	T("name"),
	T("value"),
};
static const struct site_column acl_extra[] = {
	I("mailbox_id"),
	T("identifier"),
	T("rights"),
};
static const struct site_column auth_keys[] = {
	I("user_idnr"),
	T("mechanism"),
	T("made_from"),
	T("data"),
};
static const struct site_column app_passwords[] = {
	I("id"),
	I("user_idnr"),
	T("label"),
	T("passwd"),
	T("services"),
	I("created"),
};
static const struct site_column audit_log[] = {
	I("id"),
	I("at"),
	T("actor"),
	T("source"),
	T("action"),
	T("object"),
	T("details"),
};
static const struct site_column mail_accounts[] = {
	I("owner"),
	I("modseq"),
	I("bytes"),
	I("messages"),
	I("uidvalidity_last"),
};
static const struct site_column mail_mailboxes[] = {
	I("owner"),
	I("mailbox"),
	I("uidvalidity"),
	I("uidnext"),
	I("messages"),
	I("unseen"),
	I("deleted"),
	I("size"),
	I("highestmodseq"),
	I("expunged_floor"),
	I("first_recent"),
	I("first_unseen"),
};
static const struct site_column mail_keywords[] = {
	I("owner"),
	I("mailbox"),
	I("number"),
	T("name"),
};
static const struct site_column mail_entries[] = {
	I("owner"),
	I("mailbox"),
	I("uid"),
	I("id"),
	I("object"),
	I("flags"),
	I("modseq"),
	I("internal_date"),
	I("internal_zone"),
	I("save_date"),
	I("size"),
};
static const struct site_column mail_entry_keywords[] = {
	I("owner"),
	I("mailbox"),
	I("uid"),
	I("number"),
};
static const struct site_column mail_seen[] = {
	I("owner"),
	I("mailbox"),
	I("user_id"),
	I("uid"),
};
static const struct site_column mail_objects[] = {
	I("object"),
	I("owner"),
	I("size"),
	I("header_size"),
	I("trace_size"),
	B("sha256"),
	I("parser"),
	I("thread"),
	T("message_id"),
	I("sent_date"),
	T("sort_subject"),
	T("sort_from"),
	T("sort_to"),
	T("sort_cc"),
	T("preview"),
	B("parts"),
	T("envelope"),
	T("structure"),
	I("encoded"),
};
static const struct site_column mail_contents[] = {
	I("object"),
	I("owner"),
	B("header"),
	B("body"),
	B("extents"),
};
static const struct site_column mail_blobs[] = {
	B("hash"),
	I("size"),
	I("chunks"),
	I("touched"),
};
static const struct site_column mail_chunks[] = {
	B("hash"),
	I("n"),
	B("data"),
};
static const struct site_column mail_blob_refs[] = {
	B("hash"),
	I("owner"),
	I("object"),
};
static const struct site_column mail_thread_ids[] = {
	I("owner"),
	I("id_hash"),
	I("subject_hash"),
	I("thread"),
};
static const struct site_column mail_expunged[] = {
	I("owner"),
	I("mailbox"),
	I("modseq"),
	I("first_uid"),
	I("last_uid"),
	I("at"),
};
static const struct site_column mail_removed[] = {
	I("owner"),
	I("mailbox"),
	I("uid"),
	I("id"),
	I("object"),
	I("flags"),
	I("internal_date"),
	I("internal_zone"),
	I("save_date"),
	I("size"),
	I("removed"),
};
static const struct site_column mail_journal[] = {
	I("owner"),
	I("id"),
	I("node"),
	I("mailbox"),
	I("uid_first"),
	I("uid_last"),
	I("started"),
	I("from_owner"),
	I("from_mailbox"),
};
static const struct site_column delivery_keys[] = {
	I("owner"),
	B("delivery_key"),
	I("session"),
	I("serial"),
	I("node"),
	I("created"),
};
static const struct site_column site_secrets[] = {
	T("name"),
	T("value"),
};

static const struct site_table tables[] = {
	{ COLUMNS(dbmail_users), .key = "user_idnr", .sequence = true },
	{ COLUMNS(dbmail_aliases), .key = "alias_idnr", .sequence = true },
	{ COLUMNS(dbmail_mailboxes), .key = "mailbox_idnr", .sequence = true },
	{ COLUMNS(dbmail_subscription), .key = "user_id,mailbox_id" },
	{ COLUMNS(dbmail_acl), .key = "user_id,mailbox_id" },
	{ COLUMNS(dbmail_sievescripts), .key = "owner_idnr,name" },
	{ COLUMNS(dbmail_auto_notifications), .key = "user_idnr" },
	{ COLUMNS(dbmail_auto_replies), .key = "user_idnr" },
	{ COLUMNS(dbmail_filters), .key = "id", .sequence = true },
	{ COLUMNS(dbmail_authlog), .key = "id", .sequence = true },
	{ COLUMNS(dbmail_replycache), .key = "to_addr,from_addr,handle" },
	{ COLUMNS(dbmail_pbsp), .key = "idnr", .sequence = true },
	{ COLUMNS(dbmail_usermap), .key = "login,sock_allow,userid" },
	{ COLUMNS(domains), .key = "name" },
	{ COLUMNS(domain_admins), .key = "domain,user_idnr" },
	{ COLUMNS(account_settings), .key = "user_idnr,name" },
	{ COLUMNS(mailbox_settings), .key = "mailbox_idnr,name" },
	{ COLUMNS(acl_extra), .key = "mailbox_id,identifier" },
	{ COLUMNS(auth_keys), .key = "user_idnr,mechanism" },
	{ COLUMNS(app_passwords), .key = "id", .sequence = true },
	{ COLUMNS(audit_log), .key = "id", .sequence = true },
	{ COLUMNS(mail_accounts), .key = "owner" },
	{ COLUMNS(mail_mailboxes), .key = "owner,mailbox" },
	{ COLUMNS(mail_keywords), .key = "owner,mailbox,number" },
	{ COLUMNS(mail_entries), .key = "owner,mailbox,uid" },
	{ COLUMNS(mail_entry_keywords), .key = "owner,mailbox,uid,number" },
	{ COLUMNS(mail_seen), .key = "owner,mailbox,user_id,uid" },
	{ COLUMNS(mail_objects), .key = "object,owner", .sqlite_key = "object",
	    .mariadb_key = "owner,object", .rows_max = 500, .like = "mail_entries" },
	{ COLUMNS(mail_contents), .key = "object,owner", .sqlite_key = "object",
	    .mariadb_key = "owner,object", .rows_max = 256, .like = "mail_entries" },
	{ COLUMNS(mail_blobs), .key = "hash" },
	{ COLUMNS(mail_chunks), .key = "hash,n", .rows_max = 64 },
	{ COLUMNS(mail_blob_refs), .key = "hash,owner,object" },
	{ COLUMNS(mail_thread_ids), .key = "owner,id_hash,subject_hash" },
	{ COLUMNS(mail_expunged), .key = "owner,mailbox,modseq,first_uid" },
	{ COLUMNS(mail_removed), .key = "owner,mailbox,uid" },
	{ COLUMNS(mail_journal), .key = "owner,id" },
	{ COLUMNS(delivery_keys), .key = "owner,delivery_key,session,serial" },
	{ COLUMNS(site_secrets), .key = "name" },

	/* which program and which process is at work in this database */
	{ OF_THE_DATABASE("dbmail_upgrade_steps") },
	{ OF_THE_DATABASE("mail_schema") },
	{ OF_THE_DATABASE("mail_copy") },
	{ OF_THE_DATABASE("mail_nodes") },
	{ OF_THE_DATABASE("login_failures") },
};

const struct site_table *site_tables(size_t *count_out)
{
	*count_out = COUNT(tables);
	return tables;
}

const struct site_table *site_table_find(struct str name)
{
	for (size_t i = 0; i < COUNT(tables); i++) {
		if (str_equal(str_from(tables[i].name), name))
			return &tables[i];
	}
	return NULL;
}
