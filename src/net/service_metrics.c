#include "net/service_metrics.h"

#include "base/str.h"
#include "net/session.h"

static const struct str results[] = {
	[RESULT_OK] = STR_INIT("ok"),
	[RESULT_REFUSED] = STR_INIT("refused"),
	[RESULT_TEMPORARY] = STR_INIT("temporary"),
	[RESULT_BAD] = STR_INIT("bad"),
	[RESULT_CLOSED] = STR_INIT("closed"),
};
_Static_assert(COUNT(results) == RESULT_COUNT, "every result has a word");

static const struct str mechanisms[] = {
	STR_INIT("LOGIN-command"),
	STR_INIT("PLAIN"),
	STR_INIT("LOGIN"),
	STR_INIT("CRAM-MD5"),
	STR_INIT("SCRAM-SHA-1"),
	STR_INIT("SCRAM-SHA-1-PLUS"),
	STR_INIT("SCRAM-SHA-256"),
	STR_INIT("SCRAM-SHA-256-PLUS"),
	STR_INIT("OAUTHBEARER"),
	STR_INIT("XOAUTH2"),
	STR_INIT("EXTERNAL"),
	STR_INIT("saslauthd"),
	STR_INIT("other"),
};

static struct str result_word(size_t i)
{
	return results[i];
}

static struct str mechanism_word(size_t i)
{
	return mechanisms[i];
}

size_t service_mechanism(const char *name)
{
	size_t i = metric_word(mechanism_word, COUNT(mechanisms), str_from(name));

	return i < COUNT(mechanisms) ? i : COUNT(mechanisms) - 1;
}

/* From half a millisecond, where what needs no flush ends, to what makes people look for another client. */
static const uint64_t times_us[] = { 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
	500000, 1000000, 2500000, 10000000 };
static const struct metric_bounds times = { times_us, COUNT(times_us), 1000000 };

#define RESULT                                                                                 \
	{                                                                                      \
		"result", result_word, COUNT(results)                                          \
	}
#define VERB                                                                                   \
	{                                                                                      \
		"verb", NULL, 0                                                                \
	}

static const struct metric rows[] = {
	[SERVICE_CONNECTIONS] = { "tabella_connections", "Connections now.", METRIC_GAUGE,
	    .bounds = NULL },
	[SERVICE_ACCEPTED] = { "tabella_connections_accepted_total",
	    "Connections that were served.", METRIC_COUNTER, .bounds = NULL },
	[SERVICE_REFUSED] = { "tabella_connections_refused_total",
	    "Connections over a limit, or of peers that may not come.", METRIC_COUNTER,
	    .bounds = NULL },
	[SERVICE_BYTES_IN] = { "tabella_received_bytes_total", "Bytes received, without TLS.",
	    METRIC_COUNTER, .bounds = NULL },
	[SERVICE_BYTES_OUT] = { "tabella_sent_bytes_total", "Bytes sent, without TLS.",
	    METRIC_COUNTER, .bounds = NULL },
	[SERVICE_LOGINS] = { "tabella_logins_total", "Logins that were tried.", METRIC_COUNTER,
	    { { "mechanism", mechanism_word, COUNT(mechanisms) }, RESULT }, .sparse = true },
	[SERVICE_COMMANDS] = { "tabella_commands_total", "Commands that have ended.",
	    METRIC_COUNTER, { VERB, RESULT }, .sparse = true },
	[SERVICE_COMMAND_TIME] = { "tabella_command_seconds",
	    "From the whole command to its answer.", METRIC_HISTOGRAM, { VERB }, &times, true },
};

struct metrics *service_metrics_new(const struct service *service)
{
	return metrics_new((struct metric_table){ rows, COUNT(rows) },
	    (struct metric_own){
		"service", service->name, service->verbs.word, service->verbs.count });
}
