#include "base/conf_names.h"

#include "base/str.h"

/* A longer name is no slip of the keyboard. */
#define NAME_MAX_COMPARED 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn one into the other; case is ignored. */
static size_t distance(struct str a, struct str b)
{
	size_t rows[3][NAME_MAX_COMPARED + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			bool same = ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 1]);

			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 &&
			    ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 2]) &&
			    ascii_lower(a.p[i - 2]) == ascii_lower(b.p[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b.n];
}

struct conf_guess conf_guess_of(struct str wanted)
{
	return (struct conf_guess){ .wanted = wanted, .distance = wanted.n / 3 + 1 };
}

void conf_guess_try(struct conf_guess *guess, struct str name)
{
	size_t away;

	if (guess->wanted.n > NAME_MAX_COMPARED || name.n > NAME_MAX_COMPARED)
		return;
	away = distance(guess->wanted, name);
	if (away < guess->distance) {
		guess->distance = away;
		guess->best = name;
	}
}

#define NONE "Tabella has nothing like it"
#define OWN_WAY "Tabella always does this its own way"
#define FIXED "the schema is fixed"
#define TLS "TLS is set up in [tls]"
#define LOGS "logging is set up in [log]"

/* Keys of dbmail.conf; those of [DBMAIL] may stand in every service's section too. */
static const struct {
	const char *section, *key, *why;
} keys[] = {
	{ "DBMAIL", "dburi", NONE },
	{ "DBMAIL", "driver", NONE },
	{ "DBMAIL", "host", NONE },
	{ "DBMAIL", "user", NONE },
	{ "DBMAIL", "pass", NONE },
	{ "DBMAIL", "db", NONE },
	{ "DBMAIL", "sqlport", NONE },
	{ "DBMAIL", "sqlsocket", NONE },
	{ "DBMAIL", "authdriver", "accounts are in the database" },
	{ "DBMAIL", "sortdriver", "mail is sorted by Sieve, always" },
	{ "DBMAIL", "max_db_connections", NONE },
	{ "DBMAIL", "table_prefix", NONE },
	{ "DBMAIL", "serverid", "nodes need no number" },
	{ "DBMAIL", "encoding", "the database is UTF-8, always" },
	{ "DBMAIL", "default_msg_encoding", "messages are kept byte for byte" },
	{ "DBMAIL", "allow_invalid_messages", "messages are kept byte for byte" },
	{ "DBMAIL", "bindip", NONE },
	{ "DBMAIL", "socket", NONE },
	{ "DBMAIL", "port", NONE },
	{ "DBMAIL", "tls_port", NONE },
	{ "DBMAIL", "backlog", OWN_WAY },
	{ "DBMAIL", "timeout", NONE },
	{ "DBMAIL", "login_timeout", NONE },
	{ "DBMAIL", "resolve_ip", "peers are logged by address" },
	{ "DBMAIL", "reuseport", OWN_WAY },
	{ "DBMAIL", "tls_cafile", TLS },
	{ "DBMAIL", "tls_cert", TLS },
	{ "DBMAIL", "tls_key", TLS },
	{ "DBMAIL", "tls_ciphers", TLS },
	{ "DBMAIL", "postmaster", NONE },
	{ "DBMAIL", "sendmail", NONE },
	{ "DBMAIL", "smtp_host", NONE },
	{ "DBMAIL", "smtp_user", NONE },
	{ "DBMAIL", "smtp_password", NONE },
	{ "DBMAIL", "file_logging_levels", LOGS },
	{ "DBMAIL", "syslog_logging_levels", LOGS },
	{ "DBMAIL", "trace_syslog", LOGS },
	{ "DBMAIL", "trace_stderr", LOGS },
	{ "DBMAIL", "logfile", LOGS },
	{ "DBMAIL", "errorlog", LOGS },
	{ "DBMAIL", "query_time_info", "slow statements are counted and logged, always" },
	{ "DBMAIL", "query_time_notice", "slow statements are counted and logged, always" },
	{ "DBMAIL", "query_time_warning", "slow statements are counted and logged, always" },
	{ "DBMAIL", "query_timeout", OWN_WAY },
	{ "DBMAIL", "connection_pool_timeout", "a pool never ends the program" },
	{ "DBMAIL", "effective_user", NONE },
	{ "DBMAIL", "effective_group", NONE },
	{ "DBMAIL", "authlog", NONE },
	{ "DBMAIL", "pid_directory", "there are no pid files: the service manager knows" },
	{ "DBMAIL", "library_directory", "nothing is loaded from there" },
	{ "DBMAIL", "hash_algorithm", "contents are known by SHA-256, always" },
	{ "DBMAIL", "header_cache_readonly", FIXED },
	{ "DBMAIL", "message_part_hash", "parts are compared by SHA-256, always" },
	{ "DBMAIL", "security_action", NONE },
	{ "IMAP", "banner", NONE },
	{ "IMAP", "capability", "capabilities follow from what is served" },
	{ "IMAP", "login_disabled", "passwords without TLS are refused; see plaintext_login" },
	{ "IMAP", "enable_cram_md5", "add CRAM-MD5 to mechanisms in [auth]" },
	{ "IMAP", "imap_before_smtp", NONE },
	{ "IMAP", "idle_timeout", NONE },
	{ "IMAP", "idle_interval", "changes are told at once" },
	{ "IMAP", "max_message_size", NONE },
	{ "IMAP", "mailbox_update_strategy", OWN_WAY },
	{ "IMAP", "mailbox_update_strategy_2_max_iterations", OWN_WAY },
	{ "IMAP", "mailbox_search_strategy", OWN_WAY },
	{ "IMAP", "command_select_allow_unseen", OWN_WAY },
	{ "IMAP", "command_store_flags_silent_ignore_silent", OWN_WAY },
	{ "IMAP", "mailbox_update_seq_strategy", OWN_WAY },
	{ "IMAP", "mailbox_sync_deleted", OWN_WAY },
	{ "IMAP", "mailbox_sync_batch_size", OWN_WAY },
	{ "POP", "banner", NONE },
	{ "POP", "login_disabled", NONE },
	{ "POP", "pop_before_smtp", NONE },
	{ "SIEVE", "banner", NONE },
	{ "LMTP", "banner", NONE },
	{ "HTTP", "admin", NONE },
	{ "HTTP", "realm", NONE },
	{ "DELIVERY", "SIEVE", NONE },
	{ "DELIVERY", "SUBADDRESS", NONE },
	{ "DELIVERY", "SIEVE_VACATION", NONE },
	{ "DELIVERY", "SIEVE_NOTIFY", "it did nothing in DBMail either" },
	{ "DELIVERY", "SIEVE_DEBUG", LOGS },
	{ "DELIVERY", "AUTO_NOTIFY", NONE },
	{ "DELIVERY", "AUTO_REPLY", NONE },
	{ "DELIVERY", "AUTO_NOTIFY_SUBJECT", NONE },
	{ "DELIVERY", "AUTO_NOTIFY_SENDER", NONE },
	{ "DELIVERY", "suppress_duplicates",
	    "a delivery that is repeated is known as such, always" },
	{ "DELIVERY", "quota_failure", NONE },
	{ "LDAP", "uri", NONE },
	{ "LDAP", "hostname", NONE },
	{ "LDAP", "version", NONE },
	{ "LDAP", "base_dn", NONE },
	{ "LDAP", "bind_dn", NONE },
	{ "LDAP", "bind_pw", NONE },
	{ "LDAP", "scope", NONE },
	{ "LDAP", "referrals", NONE },
	{ "LDAP", "user_objectclass", NONE },
	{ "LDAP", "forw_objectclass", NONE },
	{ "LDAP", "cn_string", NONE },
	{ "LDAP", "field_passwd", NONE },
	{ "LDAP", "field_uid", NONE },
	{ "LDAP", "field_nid", NONE },
	{ "LDAP", "min_nid", NONE },
	{ "LDAP", "max_nid", NONE },
	{ "LDAP", "field_cid", NONE },
	{ "LDAP", "min_cid", NONE },
	{ "LDAP", "max_cid", NONE },
	{ "LDAP", "field_mail", NONE },
	{ "LDAP", "field_quota", NONE },
	{ "LDAP", "field_fwdtarget", NONE },
	{ "LDAP", "query_string", NONE },
};

static const char *const sections[] = { "DBMAIL", "LMTP", "IMAP", "POP", "SIEVE", "HTTP",
	"LDAP", "DELIVERY", "USERS", "UTIL" };

bool conf_dbmail_has_section(struct str section)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		if (str_equal(section, str_from(sections[i])))
			return true;
	return false;
}

/* May row `i` stand in that section? */
static bool belongs(size_t i, struct str section)
{
	return str_equal(section, str_from(keys[i].section)) ||
	    str_equal(STR("DBMAIL"), str_from(keys[i].section));
}

const char *conf_dbmail_why_not(struct str section, struct str key)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (belongs(i, section) && str_equal_nocase(key, str_from(keys[i].key)))
			return keys[i].why;
	return NULL;
}

void conf_dbmail_guess_key(struct conf_guess *guess, struct str section)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (belongs(i, section))
			conf_guess_try(guess, str_from(keys[i].key));
}

void conf_dbmail_guess_section(struct conf_guess *guess)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		conf_guess_try(guess, str_from(sections[i]));
}
