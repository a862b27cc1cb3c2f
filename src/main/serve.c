#include "main/serve.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "main/grants.h"
#include "main/lockin.h"
#include "main/notify.h"
#include "main/privileges.h"
#include "main/reload.h"
#include "main/wire.h"
#include "net/conf.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* Of the C library's allocator; the threads that allocate at the same time are few. */
#define ALLOCATOR_ARENAS 4

/* Descriptors beside the connections: database, spool files, libraries. */
#define DESCRIPTORS_BESIDE 256

struct server {
	struct site site;
	struct wire wire;
	struct notify notify;
	sigset_t waited;
	atomic_uint beats;
};

/* The signals that the main thread waits for; blocked before any thread exists. */
static void block_signals(sigset_t *waited)
{
	(void)sigemptyset(waited);
	(void)sigaddset(waited, SIGTERM);
	(void)sigaddset(waited, SIGINT);
	(void)sigaddset(waited, SIGHUP);
	(void)sigaddset(waited, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, waited, NULL);
}

static enum errc open_log(struct site *site, struct err *err)
{
	if (site->settings->log_file.n == 0)
		return OK;
	return log_sink_to_file(&site->sink, site->settings->log_file.p, err);
}

/* Made as the user that the server has become. */
static enum errc make_spool(const struct settings *settings, struct err *err)
{
	if ((mkdir(settings->spool.p, 0700) == 0 || errno == EEXIST) &&
	    access(settings->spool.p, R_OK | W_OK | X_OK) == 0)
		return OK;
	return err_set(err, ERR_UNAVAIL,
	    "spool: cannot use the folder %.*s: %s: it must belong to the user that the server "
	    "runs as (run_as), and the folders above be open to him",
	    STR_ARG(settings->spool), strerrordesc_np(errno));
}

static const struct net_conf *net_conf_of(const struct site *site)
{
	return conf_fields(site->conf, &net_conf_table);
}

/* What the kernel cannot do is said, and then done without. */
static void log_lockin(
    const struct log *log, enum lockin_mode mode, const struct lockin_report *report)
{
	if (mode == LOCKIN_OFF)
		log_warn(log, "lock-in-missing", F_WORD("reason", "sandbox-off"));
	if (mode == LOCKIN_LOG)
		log_warn(log, "lock-in-missing", F_WORD("reason", "sandbox-log"));
	if (mode == LOCKIN_ON && report->landlock == 0)
		log_warn(log, "lock-in-missing", F_WORD("reason", "kernel-without-landlock"));
	if (mode != LOCKIN_OFF && !report->seccomp)
		log_warn(log, "lock-in-missing", F_WORD("reason", "kernel-without-seccomp"));
	if (mode == LOCKIN_ON && report->landlock > 0 && report->seccomp)
		log_info(log, "locked-in", F_INT("landlock", report->landlock));
}

static enum errc lock_in(const struct wire *wire, struct err *err)
{
	const struct site *site = wire->site;
	enum lockin_mode mode = (enum lockin_mode)site->settings->sandbox;
	struct lockin lockin = { .arena = arena_new("lock-in") };
	struct lockin_report report;
	enum errc rc;

	grants_of(wire, &lockin);
	rc = lockin_apply(&lockin, mode, &report, err);
	if (rc == OK)
		log_lockin(&site->log, mode, &report);
	arena_free(&lockin.arena);
	return rc;
}

static enum errc start(struct wire *wire, struct site *site, struct err *err)
{
	uint64_t descriptors;
	enum errc rc;

	privileges_raise_descriptors(
	    (uint64_t)net_conf_of(site)->connections_max + DESCRIPTORS_BESIDE, &descriptors);
	rc = open_log(site, err);
	/* the password may be root's to read */
	if (rc == OK)
		rc = site_find_database(site, err);
	/* before the listeners, which are none of the helper's */
	if (rc == OK && geteuid() == 0)
		rc = helper_start(&site->files, (enum lockin_mode)site->settings->sandbox,
		    &site->helper, err);
	if (rc == OK)
		rc = wire_bind(wire, site, err);
	/* from here on nothing runs as root, and no thread exists yet */
	if (rc == OK)
		rc = privileges_drop(site->settings->run_as, err);
	if (rc == OK)
		rc = make_spool(site->settings, err);
	if (rc == OK)
		rc = lock_in(wire, err);
	if (rc == OK)
		rc = site_open(site, SITE_SERVE, err);
	if (rc == OK)
		rc = wire_start(wire, err);
	return rc;
}

/* On the scheduler's thread, beside the jobs that use the database: if it hangs, this stops. */
static void beat(void *arg)
{
	(void)atomic_fetch_add((atomic_uint *)arg, 1);
}

/* The next signal; 0: it is time to tell the watchdog. */
static int next_signal(const struct notify *notify, const sigset_t *waited)
{
	int64_t ms = notify->watchdog_ms / 2;
	struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	int number;

	if (ms == 0)
		return sigwait(waited, &number) == 0 ? number : SIGPIPE;
	number = sigtimedwait(waited, NULL, &wait);
	if (number > 0)
		return number;
	return errno == EAGAIN ? 0 : SIGPIPE;
}

static void reload_and_tell(struct server *server)
{
	notify_reloading(&server->notify);
	notify_ready(&server->notify,
	    reload(&server->wire) ? "serving, reloaded"
				  : "serving; the reload failed, see the log");
}

static void wait_for_the_end(struct server *server)
{
	const struct log *log = &server->site.log;
	unsigned seen = 0;

	for (;;) {
		int number = next_signal(&server->notify, &server->waited);

		if (number == 0 && atomic_load(&server->beats) != seen) {
			seen = atomic_load(&server->beats);
			notify_watchdog(&server->notify);
		} else if (number == SIGHUP) {
			reload_and_tell(server);
		} else if (number != 0 && number != SIGPIPE) {
			log_info(log, "stopping", F_INT("signal", number));
			notify_stopping(&server->notify);
			return;
		}
	}
}

static enum errc load(struct server *server, const struct site_named *named, struct err *err)
{
	struct buf complaints = BUF_INIT(SETTINGS_COMPLAINTS_MAX);
	struct site *site = &server->site;
	enum errc rc = site_load(named, site, &complaints, err);

	if (rc != OK)
		log_init(&site->log, &site->sink, "tabella");
	log_complaints(&site->log, &complaints);
	buf_release(&complaints);
	return rc;
}

int serve(const struct site_named *named)
{
	struct server server = { .notify = { .fd = -1 } };
	const struct log *log = &server.site.log;
	struct err err = { .code = OK };
	enum errc rc;

	heap_bound_arenas(ALLOCATOR_ARENAS);
	block_signals(&server.waited);
	rc = load(&server, named, &err);
	if (rc == OK)
		rc = notify_open(&server.notify, &err);
	if (rc == OK)
		rc = start(&server.wire, &server.site, &err);
	if (rc == OK) {
		if (server.notify.watchdog_ms > 0)
			reactor_every(server.wire.reactor, server.notify.watchdog_ms / 4 + 1,
			    beat, &server.beats);
		log_info(
		    log, "started", F_WORD("version", TABELLA_VERSION), F_INT("pid", getpid()));
		notify_ready(&server.notify, "serving");
		wait_for_the_end(&server);
	} else {
		log_error(log, "start-failed", F_ERR(&err));
	}
	wire_stop(&server.wire, rc == OK);
	if (rc == OK)
		log_info(log, "stopped");
	notify_close(&server.notify);
	site_close(&server.site);
	return rc == OK ? EX_OK : errc_is_temporary(rc) ? EX_TEMPFAIL : EX_CONFIG;
}
