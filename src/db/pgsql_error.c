/*
 * db/pgsql_error.c - PostgreSQL's SQLSTATEs in our words (PostgreSQL, Appendix A).
 */
#include "base/buf.h"
#include "base/str.h"
#include "db/pgsql_int.h"

/* The first row whose state begins `state` counts. */
struct row {
	const char *state;
	enum errc code;
	const char *advice;
};

#define ADVICE_POOLER                                                                          \
	": a pooler between us and the server mixes up sessions: add prepare=off to the url"
#define ADVICE_LOGIN                                                                           \
	": check user and password of the database's url, and the server's pg_hba.conf"
#define ADVICE_STANDBY ": if the server is a standby, name its primary, or promote it"
#define ADVICE_SPACE ": no space is left, free some on the database server"
#define ADVICE_DISK ": look at the database server's log and disk"

static const struct row rows[] = {
	{ "08", ERR_CLOSED, "" },
	{ "22", ERR_ARG, "" },
	{ "23502", ERR_ARG, "" },
	{ "23503", ERR_NOTFOUND, "" },
	{ "23505", ERR_EXISTS, "" },
	{ "23", ERR_ARG, "" },
	{ "25006", ERR_STATE, ADVICE_STANDBY },
	/* the session was idle in a transaction for too long, or the transaction took too long: it ends */
	{ "25P03", ERR_CLOSED, "" },
	{ "25P04", ERR_CLOSED, "" },
	{ "26000", ERR_UNAVAIL, ADVICE_POOLER },
	{ "42P05", ERR_UNAVAIL, ADVICE_POOLER },
	{ "28", ERR_UNAVAIL, ADVICE_LOGIN },
	{ "3D000", ERR_NOTFOUND, ": `tabella db upgrade` makes it" },
	{ "40003", ERR_CLOSED, "" },
	{ "40", ERR_CONFLICT, "" },
	{ "42501", ERR_UNAVAIL,
	    ": a right is missing, the database should belong to this user (ALTER DATABASE "
	    "... OWNER TO ..., or GRANT ALL ON ALL TABLES IN SCHEMA public TO ...)" },
	/* a plan that another version of the schema made; a standby that cannot write */
	{ "0A000", ERR_CLOSED, ADVICE_STANDBY },
	{ "53100", ERR_UNAVAIL, ADVICE_SPACE },
	{ "53200", ERR_UNAVAIL, ": the database server is out of memory" },
	{ "53300", ERR_LIMIT,
	    ": raise the server's max_connections, or lower our db.connections" },
	{ "53", ERR_UNAVAIL, ADVICE_DISK },
	{ "54", ERR_LIMIT, "" },
	{ "3F000", ERR_UNAVAIL,
	    ": the search_path of this user names no schema that is there" },
	{ "55P03", ERR_CONFLICT,
	    ": another session holds a lock (pg_stat_activity and pg_blocking_pids() tell "
	    "whose)" },
	{ "55", ERR_UNAVAIL, "" },
	{ "57014", ERR_UNAVAIL,
	    ": it took too long (statement_timeout in the database's url)" },
	{ "57", ERR_CLOSED, "" },
	{ "58", ERR_UNAVAIL, ADVICE_DISK },
	{ "XX001", ERR_CORRUPT, ": the server's data are damaged: restore a backup" },
	{ "XX002", ERR_CORRUPT, ": an index is damaged: REINDEX it" },
};

static const struct row *row_of(const char *state)
{
	struct str given = str_from(state);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (str_starts(given, str_from(rows[i].state)))
			return &rows[i];
	}
	return NULL;
}

enum errc pgsql_classify(const char *state, enum pgsql_moment moment)
{
	const struct row *row = row_of(state);

	if (str_equal(str_from(state), STR("25006")))
		/* our transactions say that they write: such a server has become a standby */
		return moment == PGSQL_READS ? ERR_STATE : ERR_CLOSED;
	if (moment == PGSQL_CONNECTS && row && row->code == ERR_CLOSED)
		return ERR_UNAVAIL;
	return row ? row->code : ERR_INTERNAL;
}

const char *pgsql_advice(const char *state)
{
	const struct row *row = row_of(state);

	return row ? row->advice : "";
}

void pgsql_add_words(struct buf *out, struct str words, struct str password)
{
	bool space = false;

	words = str_trim(words);
	for (size_t i = 0; i < words.n; i++) {
		if (password.n > 0 && str_starts(str_from_at(words, i), password)) {
			BUF_ADD(out, "***");
			i += password.n - 1;
			space = false;
		} else if (ascii_is_space(words.p[i])) {
			if (!space)
				buf_add_char(out, ' ');
			space = true;
		} else {
			buf_add_char(out, words.p[i]);
			space = false;
		}
	}
}

static bool is_state(const char *p)
{
	for (size_t i = 0; i < PGSQL_STATE_SIZE; i++) {
		if (!ascii_is_digit(p[i]) && !(p[i] >= 'A' && p[i] <= 'Z'))
			return false;
	}
	return p[PGSQL_STATE_SIZE] == ':';
}

/* "FATAL:  28P01: password authentication failed": the first word may be in any language. */
const char *pgsql_state_in(const char *words)
{
	struct str all = str_from(words);

	for (size_t i = 0; i + 3 + PGSQL_STATE_SIZE < all.n; i++) {
		if (str_starts(str_from_at(all, i), STR(":  ")) && is_state(words + i + 3))
			return words + i + 3;
	}
	return NULL;
}
