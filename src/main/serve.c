#include "main/serve.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "main/grants.h"
#include "main/lockin.h"
#include "main/privileges.h"
#include "main/reload.h"
#include "main/wire.h"
#include "net/conf.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* Of the C library's allocator; the threads that allocate at the same time are few. */
#define ALLOCATOR_ARENAS 4

/* Descriptors beside the connections: database, spool files, libraries. */
#define DESCRIPTORS_BESIDE 256

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
	if (mkdir(settings->spool.p, 0700) == 0 || errno == EEXIST)
		return OK;
	return err_set(err, ERR_UNAVAIL, "spool: cannot make folder %.*s: %s",
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
		log_warn(log, "lock-in-missing", F_WORD("reason", "sandbox=off"));
	if (mode == LOCKIN_LOG)
		log_warn(log, "lock-in-missing", F_WORD("reason", "sandbox=log"));
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
		rc = site_find_database(site, err);
	if (rc == OK)
		rc = lock_in(wire, err);
	if (rc == OK)
		rc = site_open(site, SITE_SERVE, err);
	if (rc == OK)
		rc = wire_start(wire, err);
	return rc;
}

static void wait_for_the_end(struct wire *wire, struct site *site, const sigset_t *waited)
{
	for (;;) {
		int number = 0;

		if (sigwait(waited, &number) != 0 || number == SIGPIPE)
			continue;
		if (number != SIGHUP) {
			log_info(&site->log, "stopping", F_INT("signal", number));
			return;
		}
		(void)reload(wire);
	}
}

int serve(const char *conf_path)
{
	struct buf complaints = BUF_INIT(SETTINGS_COMPLAINTS_MAX);
	struct err err = { .code = OK };
	struct site site;
	struct wire wire = { .site = NULL };
	sigset_t waited;
	enum errc rc;

	heap_bound_arenas(ALLOCATOR_ARENAS);
	block_signals(&waited);
	rc = site_load(conf_path, &site, &complaints, &err);
	if (rc != OK)
		log_init(&site.log, &site.sink, "tabella");
	log_complaints(&site.log, &complaints);
	buf_release(&complaints);
	if (rc == OK)
		rc = start(&wire, &site, &err);
	if (rc == OK) {
		log_info(&site.log, "started", F_WORD("version", TABELLA_VERSION),
		    F_INT("pid", getpid()));
		wait_for_the_end(&wire, &site, &waited);
	} else {
		log_error(&site.log, "start-failed", F_ERR(&err));
	}
	wire_stop(&wire, rc == OK);
	if (rc == OK)
		log_info(&site.log, "stopped");
	site_close(&site);
	return rc == OK ? EX_OK : errc_is_temporary(rc) ? EX_TEMPFAIL : EX_CONFIG;
}
