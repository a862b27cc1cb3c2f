/*
 * long because: it is one table of options.
 */
#include "main/settings.h"

#include "auth/conf.h"
#include "authd/authd.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "http/http.h"
#include "imap/imap.h"
#include "lmtp/lmtp.h"
#include "main/database.h"
#include "main/lockin.h"
#include "net/conf.h"

static const struct conf_word level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warn", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

static const struct conf_word format_words[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
	{ NULL, 0 },
};

static const struct conf_word sandbox_words[] = {
	{ "on", LOCKIN_ON },
	{ "log", LOCKIN_LOG },
	{ "off", LOCKIN_OFF },
	{ NULL, 0 },
};

static const struct conf_option options[] = {
	{ "hostname", CONF_STRING, CONF_FIELD(struct settings, hostname), .def = "localhost",
	    .min = "1", .max = "253", .reload = true,
	    .text =
		"The name of this server, as it greets and as it stands in Received lines." },
	{ "run_as", CONF_STRING, CONF_FIELD(struct settings, run_as), .max = "64",
	    .dbmail = "DBMAIL.effective_user",
	    .text = "The user that the server becomes when it is started as root. It never "
		    "runs as root." },
	{ "spool", CONF_PATH, CONF_FIELD(struct settings, spool), .def = "spool",
	    .text =
		"Folder for nameless files that hold large messages while they are received. "
		"Nothing in it outlives the server." },

	{ "sandbox", CONF_ENUM, CONF_FIELD(struct settings, sandbox), .def = "on",
	    .words = sandbox_words,
	    .text =
		"Before it reads a byte from the network the server locks itself in: it then "
		"reaches its own files and nothing else, runs no program and connects "
		"nowhere. on: what the kernel cannot do is said in the log once. log: "
		"nothing is refused, and the kernel's log names the system calls that would "
		"be. off: for debugging." },

	{ "control", CONF_PATH, CONF_FIELD(struct settings, control), .def = "control",
	    .text = "Unix socket on which the running server tells `tabella status` about "
		    "itself." },

	{ "db.url", CONF_URL, CONF_FIELD(struct settings, db_url), .dbmail = "DBMAIL.dburi",
	    .text = "The database: sqlite:/path/to/file.db, "
		    "postgresql://USER:PASSWORD@HOST/NAME or "
		    "mysql://USER:PASSWORD@HOST/NAME (MariaDB). Several hosts stand "
		    "behind one another with a comma between; a unix socket is a host with %2F "
		    "for each /. What follows a ? belongs to the engine's library: "
		    "sslmode=verify-full." },
	{ "db.table_prefix", CONF_STRING, CONF_FIELD(struct settings, table_prefix),
	    .def = "dbmail_", .max = "32", .dbmail = "DBMAIL.table_prefix",
	    .text = "What the names of the administration's tables begin with." },
	{ "db.connections", CONF_INT, CONF_FIELD(struct settings, db_connections), .def = "0",
	    .min = "0", .max = "1024", .dbmail = "DBMAIL.max_db_connections",
	    .text = "Sessions that use the database at the same time; others wait their turn. "
		    "With a database server it is the number of connections to it, beside two "
		    "that are the program's own. 0: 32 with SQLite, 16 with a server." },
	{ "db.busy_timeout", CONF_TIME, CONF_FIELD(struct settings, db_busy_timeout_ms),
	    .def = "30s", .min = "100ms", .max = "5m",
	    .text = "How long a change waits for what others hold locked (the file of SQLite, "
		    "rows and tables of a server); then mail is answered 4xx." },
	{ "db.wal_limit", CONF_SIZE, CONF_FIELD(struct settings, db_wal_limit), .def = "64M",
	    .min = "1M", .max = "4G",
	    .text = "The write-ahead log of SQLite is brought back below this." },
	{ "db.group_max", CONF_INT, CONF_FIELD(struct settings, db_group_max), .def = "128",
	    .min = "1", .max = "1024",
	    .text = "Transactions that share one commit, at the most." },
	{ "db.size_limit", CONF_SIZE, CONF_FIELD(struct settings, db_size_limit), .def = "0",
	    .text = "An SQLite file grows no larger: mail is then answered as on a full disk, "
		    "4xx. 0: no "
		    "limit." },
	{ "db.driver", CONF_STRING, CONF_FIELD(struct settings, db_driver),
	    .dbmail = "DBMAIL.driver",
	    .text = "sqlite, postgresql or mysql, when db.url is not set." },
	{ "db.host", CONF_STRING, CONF_FIELD(struct settings, db_host), .dbmail = "DBMAIL.host",
	    .text = "Host of the database server, when db.url is not set; several with "
		    "commas between." },
	{ "db.port", CONF_INT, CONF_FIELD(struct settings, db_port), .def = "0", .min = "0",
	    .max = "65535", .dbmail = "DBMAIL.sqlport",
	    .text = "Port of the database server, when db.url is not set." },
	{ "db.socket", CONF_STRING, CONF_FIELD(struct settings, db_socket),
	    .dbmail = "DBMAIL.sqlsocket",
	    .text = "Unix socket of the database server, when db.url is not set." },
	{ "db.user", CONF_STRING, CONF_FIELD(struct settings, db_user), .dbmail = "DBMAIL.user",
	    .text = "User at the database server, when db.url is not set." },
	{ "db.password", CONF_SECRET, CONF_FIELD(struct settings, db_password),
	    .dbmail = "DBMAIL.pass",
	    .text = "Password at the database server, when db.url is not set." },
	{ "db.password_file", CONF_PATH, CONF_FIELD(struct settings, db_password_file),
	    .text =
		"A file whose first line is the password at the database server, with db.url "
		"too: read once, as the user who starts the program." },
	{ "db.name", CONF_STRING, CONF_FIELD(struct settings, db_name), .dbmail = "DBMAIL.db",
	    .text = "Name of the database (of the file for SQLite), when db.url is not set." },

	{ "store.index_cache", CONF_SIZE, CONF_FIELD(struct settings, store_index_cache),
	    .def = "64M", .min = "1M", .max = "64G",
	    .text = "Memory for the indexes of mailboxes that were used lately." },
	{ "store.removed_keep", CONF_TIME, CONF_FIELD(struct settings, store_removed_keep_ms),
	    .def = "7d", .min = "0", .max = "365d",
	    .text = "How long expunged mail can still be brought back. It does not count in "
		    "quotas." },
	{ "store.blob_keep", CONF_TIME, CONF_FIELD(struct settings, store_blob_keep_ms),
	    .def = "24h", .min = "1h", .max = "30d",
	    .text = "How long the bytes of an attachment stay that no message uses any more." },
	{ "store.zstd_level", CONF_INT, CONF_FIELD(struct settings, store_zstd_level),
	    .def = "1", .min = "1", .max = "19",
	    .text = "How hard stored mail is compressed." },

	{ "tls.certificate", CONF_PATH, CONF_FIELD(struct settings, tls_certificate),
	    .dbmail = "DBMAIL.tls_cert",
	    .text = "PEM file with the certificate and its chain. Empty: no TLS. SIGHUP loads "
		    "the file again." },
	{ "tls.key", CONF_PATH, CONF_FIELD(struct settings, tls_key),
	    .dbmail = "DBMAIL.tls_key",
	    .text = "PEM file with the private key. SIGHUP loads the file again." },

	{ "tls.certificates", CONF_PATH, CONF_FIELD(struct settings, tls_certificates),
	    .text =
		"Folder with certificates for more domains: NAME.pem (or .crt) with NAME.key "
		"beside it, or NAME/fullchain.pem with NAME/privkey.pem, as certbot keeps "
		"them in /etc/letsencrypt/live. A client that names its server (SNI) gets "
		"the certificate that has this name in it, every other client that of "
		"tls.certificate. SIGHUP reads the folder again." },

	{ "log.level", CONF_ENUM, CONF_FIELD(struct settings, log_level), .def = "info",
	    .words = level_words, .reload = true,
	    .text = "error: someone must act; warn: someone should look; info: a line for each "
		    "login, "
		    "delivery, refusal and end of a session; debug: much more." },
	{ "log.format", CONF_ENUM, CONF_FIELD(struct settings, log_format), .def = "text",
	    .words = format_words, .text = "text: key=value; json: an object a line." },
	{ "log.file", CONF_PATH, CONF_FIELD(struct settings, log_file),
	    .dbmail = "DBMAIL.logfile",
	    .text = "Where the log goes; empty: standard error. SIGHUP opens it again." },

	{ "deliver.subaddress", CONF_BOOL, CONF_FIELD(struct settings, deliver_subaddress),
	    .def = "yes", .dbmail = "DELIVERY.SUBADDRESS", .reload = true,
	    .text = "Mail to user+folder@domain goes to that folder if it is there." },
	{ "deliver.delimiter", CONF_STRING, CONF_FIELD(struct settings, deliver_delimiter),
	    .def = "+", .min = "1", .max = "1", .reload = true,
	    .text = "The character between user and folder." },
	{ "deliver.create_folder", CONF_BOOL,
	    CONF_FIELD(struct settings, deliver_create_folder), .def = "no", .reload = true,
	    .text = "A folder named by a subaddress is made if it is not there." },
	{ "deliver.default_domain", CONF_STRING,
	    CONF_FIELD(struct settings, deliver_default_domain), .max = "253", .reload = true,
	    .text = "Recipients without a domain (postmaster) are looked up in this one." },
};

/* A site without a database can be read and shown. */
static void check(struct conf *conf, const void *fields)
{
	const struct settings *s = fields;
	const char *option;
	struct err err;

	if (s->db_url.n == 0 && s->db_driver.n == 0 && s->db_name.n == 0)
		return;
	if (database_check(s, &option, &err) != OK)
		conf_complain(conf, CONF_ERROR, option, "%s", err.text);
}

const struct conf_table settings_table = {
	.option = options,
	.count = COUNT(options),
	.size = sizeof(struct settings),
	.check = check,
};

static const struct conf_table *const tables[] = {
	&settings_table,
	&net_conf_table,
	&auth_conf_table,
	&lmtp_conf_table,
	&imap_conf_table,
	&http_conf_table,
	&authd_conf_table,
};

const struct conf_table *const *settings_tables(size_t *count_out)
{
	*count_out = COUNT(tables);
	return tables;
}

enum errc settings_load(const struct conf_source *source, enum conf_severity up_to,
    struct conf **conf_out, struct buf *complaints, struct err *err)
{
	struct conf *conf = NULL;
	enum errc rc = conf_load(tables, COUNT(tables), source, &conf, err);

	if (conf)
		conf_print_diags(conf, up_to, complaints);
	if (rc != OK) {
		conf_free(&conf);
		return rc;
	}
	*conf_out = conf;
	return OK;
}

const struct settings *settings_of(const struct conf *conf)
{
	return conf_fields(conf, &settings_table);
}

struct route_settings route_settings_of(const struct settings *settings)
{
	return (struct route_settings){
		.delimiter =
		    settings->deliver_subaddress ? settings->deliver_delimiter.p[0] : '\0',
		.create_folder = settings->deliver_create_folder,
		.default_domain = settings->deliver_default_domain,
	};
}
