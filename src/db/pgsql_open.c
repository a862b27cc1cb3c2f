/*
 * db/pgsql_open.c - a session with the server: which host, how it is set up, and why there is none.
 *
 * Hosts are tried one after the other, each for as long as the url allows.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define SERVER_OLDEST 130000
#define KEYWORDS_MAX (DB_URL_OPTIONS_MAX + 24)

/* libpq's parameters, in its two arrays. */
struct keywords {
	const char *name[KEYWORDS_MAX + 1], *value[KEYWORDS_MAX + 1];
	size_t count;
};

static void put(struct keywords *words, const char *name, const char *value)
{
	if (!value || words->count == KEYWORDS_MAX)
		return;
	words->name[words->count] = name;
	words->value[words->count++] = value;
}

static bool is_given(const struct pgsql_target *target, const char *name)
{
	for (size_t i = 0; i < target->options; i++) {
		if (str_equal(str_from(target->option[i]), str_from(name)))
			return true;
	}
	return false;
}

static void put_unless_given(struct keywords *words, const struct pgsql_target *target,
    const char *name, const char *value)
{
	if (!is_given(target, name))
		put(words, name, value);
}

/* What every session is told at its start; the url's own options come behind and win. */
static const char *session_options(
    const struct pgsql_driver *driver, enum db_role role, int query_ms, struct arena *arena)
{
	const struct pgsql_target *target = &driver->target;
	bool patient = db_is_patient(driver->settings, role);

	if (!target->prepares) /* poolers refuse them */
		return target->session_options;
	return str_printf(arena,
	    "-c lock_timeout=%d -c statement_timeout=%d"
	    " -c idle_in_transaction_session_timeout=%d -c standard_conforming_strings=on"
	    " -c TimeZone=UTC -c jit=off %s",
	    driver->settings->busy_timeout_ms, patient ? 0 : query_ms,
	    patient ? 0 : 2 * query_ms, target->session_options ? target->session_options : "")
	    .p;
}

static void fill(struct keywords *words, struct pgsql_driver *driver, enum db_role role,
    const char *name, struct arena *arena)
{
	const struct pgsql_target *target = &driver->target;

	put(words, "dbname", name ? name : target->name);
	put(words, "user", target->user);
	put(words, "password", target->password.p);
	put(words, "client_encoding", "UTF8");
	put(words, "options", session_options(driver, role, target->query_ms, arena));
	put_unless_given(
	    words, target, "application_name", role == DB_NEWS ? "tabella/news" : "tabella");
	put_unless_given(words, target, "keepalives_idle", "60");
	put_unless_given(words, target, "keepalives_interval", "10");
	put_unless_given(words, target, "keepalives_count", "3");
	put_unless_given(words, target, "tcp_user_timeout",
	    str_printf(arena, "%d", target->query_ms + PGSQL_GRACE_MS).p);
	/* a standby would refuse every transaction, and never give way to the next host */
	if (target->hosts > 1 && !driver->settings->read_only)
		put_unless_given(words, target, "target_session_attrs", "read-write");
	for (size_t i = 0; i < target->options; i++)
		put(words, target->option[i], target->value[i]);
}

/* ---- failures ---- */

struct failure {
	struct err err;
	bool is_final; /* another host would say the same */
};

/* What libpq says of itself has no SQLSTATE. It speaks English to us: no locale is set. The first that fits counts. */
static const char *advice_of_libpq(const char *words)
{
	static const struct {
		struct str has;
		const char *advice;
	} rows[] = {
		{ STR_INIT("no password supplied"), ": the database's url has none" },
		{ STR_INIT("SSL negotiation"), ": is it PostgreSQL that listens there?" },
		{ STR_INIT("expected authentication request"),
		    ": is it PostgreSQL that listens there?" },
		{ STR_INIT(" SSL"), ": look at sslmode and sslrootcert of the database's url" },
		{ STR_INIT(" certificate"),
		    ": look at sslmode and sslrootcert of the database's url" },
		{ STR_INIT("session is read-only"),
		    ": it takes no writes: name the primary, or promote this one" },
		{ STR_INIT("server is in hot standby"),
		    ": name the primary, or promote this one" },
		{ STR_INIT(" value: \""), ": look at the options of the database's url" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (str_find(str_from(words), rows[i].has) < str_from(words).n)
			return rows[i].advice;
	}
	return ": is the server running, and at this address?";
}

static void explain(struct failure *failure, const struct pgsql_target *target,
    const char *words, const char *name)
{
	struct str password = secret_view(&target->password), first = str_from(words);
	const char *state = pgsql_state_in(words);
	struct buf text = BUF_INIT(sizeof(failure->err.text));
	enum errc rc = state ? pgsql_classify(state, PGSQL_CONNECTS) : ERR_UNAVAIL;

	/* the second line and those behind it repeat or guess */
	first = str_first(first, str_find_char(first, '\n'));
	pgsql_add_words(&text, str_first(first, 160),
	    str_first(password, password.n > 0 ? password.n - 1 : 0));
	(void)err_set(&failure->err, rc, "%.*s%s", STR_ARG(buf_str(&text)),
	    state ? pgsql_advice(state) : advice_of_libpq(words));
	if (rc == ERR_NOTFOUND)
		(void)err_set(&failure->err, rc,
		    "the server has no database \"%s\": `tabella db upgrade` makes it", name);
	failure->is_final =
	    rc == ERR_NOTFOUND || (state && str_starts(str_from(state), STR("28")));
	buf_release(&text);
}

/* ---- one host ---- */

static bool poll_socket(
    const PGconn *handle, PostgresPollingStatusType want, struct deadline deadline)
{
	struct pollfd fd = { .fd = PQsocket(handle),
		.events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT };
	int n;

	do
		n = poll(&fd, 1, deadline_left_ms(deadline));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static PGconn *open_host(struct pgsql_driver *driver, const struct keywords *words,
    const char *name, struct failure *failure)
{
	struct deadline deadline = deadline_in_ms(driver->target.connect_ms);
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	PGconn *handle = PQconnectStartParams(words->name, words->value, 0);

	if (!handle) {
		(void)err_set(&failure->err, ERR_UNAVAIL, "out of memory");
		return NULL;
	}
	(void)PQsetErrorVerbosity(
	    handle, PQERRORS_VERBOSE); /* its words then hold the SQLSTATE */
	(void)atomic_fetch_add(&driver->round_trips, 1);
	while (PQstatus(handle) != CONNECTION_BAD && want != PGRES_POLLING_OK &&
	    want != PGRES_POLLING_FAILED) {
		if (!poll_socket(handle, want, deadline)) {
			(void)err_set(&failure->err, ERR_UNAVAIL,
			    "the server \"%s\" does not answer within %d seconds",
			    PQhost(handle), driver->target.connect_ms / 1000);
			PQfinish(handle);
			return NULL;
		}
		want = PQconnectPoll(handle);
	}
	if (want == PGRES_POLLING_OK) {
		(void)PQsetErrorVerbosity(handle, PQERRORS_DEFAULT);
		return handle;
	}
	explain(failure, &driver->target, PQerrorMessage(handle), name);
	PQfinish(handle);
	return NULL;
}

/* What we can live with. */
static enum errc check_server(const PGconn *handle, struct err *err)
{
	const char *encoding = PQparameterStatus(handle, "server_encoding");

	if (PQserverVersion(handle) < SERVER_OLDEST)
		return err_set(err, ERR_UNSUPPORTED,
		    "the server is PostgreSQL %d: 13 is the oldest that will do",
		    PQserverVersion(handle) / 10000);
	/* a pooler may not say it */
	if (encoding && !str_equal(str_from(encoding), STR("UTF8")))
		return err_set(err, ERR_UNSUPPORTED,
		    "the database \"%s\" is in %s: make it anew with ENCODING 'UTF8' TEMPLATE "
		    "template0",
		    PQdb(handle), encoding);
	return OK;
}

enum errc pgsql_open_session(struct pgsql_driver *driver, enum db_role role, const char *name,
    PGconn **handle_out, struct err *err)
{
	struct arena *arena = arena_new("database connection");
	const struct pgsql_target *target = &driver->target;
	struct failure failure = { .is_final = false };
	PGconn *handle = NULL;
	enum errc rc;

	for (size_t i = 0; i < target->hosts && !handle && !failure.is_final; i++) {
		struct keywords words = { .count = 0 };

		put(&words, "host", target->host[i]);
		put(&words, "port", target->port[i]);
		fill(&words, driver, role, name, arena);
		handle = open_host(driver, &words, name ? name : target->name, &failure);
	}
	arena_free(&arena);
	if (!handle)
		return err_set(err, failure.err.code, "%s", failure.err.text);
	rc = check_server(handle, err);
	if (rc != OK) {
		PQfinish(handle);
		return rc;
	}
	*handle_out = handle;
	return OK;
}
