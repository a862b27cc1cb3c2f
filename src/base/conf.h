/*
 * base/conf.h - the configuration: typed tables of options, read from INI files, checked, shown.
 *
 * Each folder has one table of options that fill the fields of one struct. From the table come the parser, the
 * complaints of `config check`, `config show` and the manual.
 *
 *	struct imap_conf { int64_t idle_timeout_ms; ... };
 *
 *	static const struct conf_option options[] = {
 *		{ "imap.idle_timeout", CONF_TIME, CONF_FIELD(struct imap_conf, idle_timeout_ms), .def = "30m",
 *		    .min = "1m", .max = "24h", .reload = true, .dbmail = "IMAP.idle_timeout:m", .text = "..." },
 *	};
 *	const struct conf_table imap_conf_table = CONF_TABLE(struct imap_conf, options);
 *
 * In a file "imap.idle_timeout" is the key idle_timeout of section [imap]. Options without a dot are the keys
 * before any section or in [tabella]. Keys and our sections may be written in either case. Sections spelt as
 * DBMail does, [DBMAIL] [IMAP] [LMTP] ..., hold DBMail's keys (see `dbmail` below); a key that is missing in
 * one of its service sections is taken from [DBMAIL].
 *
 * A configuration is an immutable, counted snapshot once conf_load has returned.
 */
#pragma once

#include "base/base.h"

/* Bytes of one file. */
#define CONF_TEXT_MAX ((size_t)1 << 20)

struct buf;

enum conf_type {
	CONF_BOOL, /* bool: yes no, true false, on off, 1 0 */
	CONF_INT,  /* int64_t */
	CONF_SIZE, /* uint64_t, bytes: 4096, 64K, 50M, 2G (powers of 1024) */
	CONF_TIME, /* int64_t, milliseconds: 500ms, 30s, 10m, 2h, 7d, 4w; without a unit seconds */
	CONF_STRING, /* struct str */
	CONF_SECRET, /* struct str, never shown */
	CONF_URL,    /* struct str, shown without its password */
	CONF_PATH, /* struct str with a NUL behind it; relative ones start at the file's folder */
	CONF_ENUM, /* int: the value of one of `words` */
	CONF_LIST, /* struct conf_list: pieces between commas and spaces */
	CONF_ADDRESSES, /* struct conf_addresses: the same, each host:port, [host]:port, host, *, unix:/path */
};

struct conf_list {
	const struct str *item;
	size_t count;
};

/* Nothing is looked up: host is a literal, a name, or "*". */
struct conf_address {
	struct str host; /* without the brackets */
	uint16_t port;	 /* 0: none was given */
	struct str path; /* of a unix socket, with a NUL behind it; host is empty then */
};

struct conf_addresses {
	const struct conf_address *item;
	size_t count;
};

/* One word of a CONF_ENUM; the list ends with a NULL word. */
struct conf_word {
	const char *word;
	int value;
};

struct conf_option {
	const char *name; /* "imap.idle_timeout" */
	enum conf_type type;
	size_t offset, size;	       /* CONF_FIELD */
	const char *def;	       /* as it would stand in the file; NULL: zero, empty */
	const char *min, *max;	       /* the same; for text the length, for lists the count */
	const struct conf_word *words; /* CONF_ENUM */
	/*
	 * DBMail's keys with this meaning, separated by spaces: "IMAP.bindip", "DBMAIL.dburi". ":m" behind one is the
	 * unit of a number without unit. In [IMAP], then in [DBMAIL], is looked for "IMAP.bindip".
	 */
	const char *dbmail;
	const char *text; /* for the manual: whole sentences */
	bool reload;	  /* takes effect without a restart */
	bool required;
};

#define CONF_FIELD(type, field)                                                                \
	.offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)

struct conf;

struct conf_table {
	const struct conf_option *option;
	size_t count;
	size_t size; /* of the struct */
	/* NULL, or a look at what belongs together; complains with conf_complain. Fields in error are defaults. */
	void (*check)(struct conf *conf, const void *fields);
};

#define CONF_TABLE(type, options)                                                              \
	{                                                                                      \
		.option = (options), .count = COUNT(options), .size = sizeof(type)             \
	}

enum conf_severity { CONF_ERROR, CONF_WARNING };

struct conf_diag {
	enum conf_severity severity;
	struct str file; /* "command line" for settings; empty for what is nowhere */
	unsigned line;	 /* 0: none */
	struct str text;
};

/* Where the text comes from: a file, and settings "imap.idle_timeout=5m" that win over it. */
struct conf_source {
	const char *path; /* NULL: defaults only */
	const struct str
	    *text; /* NULL: `path` is read; else what it holds has been read already */
	const char *const *setting;
	size_t settings;
};

/*
 * Read, check, fill. On OK and on ERR_SYNTAX (the diagnostics have an error) *conf_out is there, on ERR_NOTFOUND,
 * ERR_DENIED and ERR_UNAVAIL (the file) it is not. The tables outlive the configuration.
 */
NODISCARD enum errc conf_load(const struct conf_table *const *tables, size_t count,
    const struct conf_source *source, struct conf **conf_out, struct err *err);

/* The same from text in memory; `name` stands for the file's path. OK or ERR_SYNTAX. */
NODISCARD enum errc conf_load_text(const struct conf_table *const *tables, size_t count,
    const char *name, struct str text, struct conf **conf_out);

/* One more user of the snapshot. From any thread that holds it already. */
struct conf *conf_hold(struct conf *conf);

/* Sets *confp to NULL; what the last user lets go is wiped and freed. Accepts NULL. */
void conf_free(struct conf **confp);

/* The struct that `table`, one of those it was loaded with, has filled. Lives as long as the snapshot. */
const void *conf_fields(const struct conf *conf, const struct conf_table *table);

/* Was it set anywhere, or is it the default? `name` is an option's. */
bool conf_is_set(const struct conf *conf, const char *name);

size_t conf_diag_count(const struct conf *conf);
const struct conf_diag *conf_diag(const struct conf *conf, size_t i);
bool conf_has_errors(const struct conf *conf);

/* For checks: a diagnostic at the place where option `name` was set. */
void conf_complain(struct conf *conf, enum conf_severity severity, const char *name,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Diagnostics as "FILE:LINE: error: TEXT", one a line: the errors, up to CONF_WARNING the warnings too. */
void conf_print_diags(const struct conf *conf, enum conf_severity up_to, struct buf *out);

/* Every option, or with `changed_only` those that are not at their default, as a file that can be read again. */
void conf_print(const struct conf *conf, bool changed_only, struct buf *out);

/* The tables as a manual in Markdown. */
void conf_print_manual(const struct conf_table *const *tables, size_t count, struct buf *out);

/*
 * For a configuration that takes the place of `started` in a running program, before it is shared: what needs a
 * restart keeps the values of `started`, which is held as long as `conf`.
 */
void conf_keep_started(struct conf *conf, struct conf *started);

/* The names of options that differ between two snapshots of the same tables and need a restart, one a line. */
void conf_print_restart(const struct conf *before, const struct conf *after, struct buf *out);
