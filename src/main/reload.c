#include "main/reload.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void log_complaints(const struct log *log, const struct buf *complaints)
{
	struct str rest = buf_str(complaints), line;

	while (str_split(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		if (str_find(line, STR(": error: ")) < line.n)
			log_error(log, "configuration", F_STR("reason", line));
		else
			log_warn(log, "configuration", F_STR("reason", line));
	}
}

static void log_restarts(
    const struct log *log, const struct conf *started, const struct conf *conf)
{
	struct buf names = BUF_INIT(SETTINGS_COMPLAINTS_MAX);
	struct str rest, name;

	conf_print_restart(started, conf, &names);
	rest = buf_str(&names);
	while (str_split(&rest, '\n', &name))
		if (name.n > 0)
			log_warn(log, "restart-needed", F_STR("option", name));
	buf_release(&names);
}

static enum errc take_text(void *arg, const struct opened *opened, struct err *err)
{
	return file_read_fd(opened->fd[0], opened->path[0], CONF_TEXT_MAX, arg, err);
}

static enum errc read_again(struct site *site, struct conf **conf_out, struct err *err)
{
	struct buf complaints = BUF_INIT(SETTINGS_COMPLAINTS_MAX);
	struct buf bytes = BUF_INIT(CONF_TEXT_MAX + 1);
	const struct files_taker taker = { take_text, &bytes };
	enum errc rc = site_reopen(site, FILES_CONFIGURATION, &taker, err);
	struct str text = buf_str(&bytes);
	struct conf_source source = { .path = site->conf_path,
		.text = &text,
		.setting = &site->setting,
		.settings = site->setting ? 1 : 0 };

	if (rc == OK)
		rc = settings_load(&source, CONF_WARNING, conf_out, &complaints, err);
	log_complaints(&site->log, &complaints);
	buf_release(&complaints);
	if (bytes.p)
		secret_wipe(bytes.p, bytes.n);
	buf_release(&bytes);
	return rc;
}

static enum errc keep(void *arg, const struct opened *opened, struct err *err)
{
	int fd = fcntl(opened->fd[0], F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_set(err, ERR_UNAVAIL, "log file: %s", strerrordesc_np(errno));
	*(int *)arg = fd;
	return OK;
}

/* -1: there is none. */
static enum errc open_log(const struct site *site, int *fd_out, struct err *err)
{
	const struct files_taker taker = { keep, fd_out };

	*fd_out = -1;
	return site_reopen(site, FILES_LOG, &taker, err);
}

bool reload(struct wire *wire)
{
	struct site *site = wire->site;
	struct err err = { .code = OK };
	struct conf *conf = NULL;
	int log_fd = -1;
	enum errc rc = read_again(site, &conf, &err);

	if (rc == OK)
		rc = wire_check(wire, conf, &err);
	if (rc == OK)
		rc = open_log(site, &log_fd, &err);
	/* the last that can fail: what it changes, it changes at the end */
	if (rc == OK)
		rc = wire_load_certificate(wire, &err);
	if (rc == OK && log_fd >= 0)
		rc = log_sink_to_fd(&site->sink, log_fd, &err);
	if (log_fd >= 0)
		(void)close(log_fd);
	if (rc != OK) {
		log_error(&site->log, "reload-failed", F_ERR(&err));
		conf_free(&conf);
		return false;
	}
	log_restarts(&site->log, site->conf, conf);
	conf_keep_started(conf, site->conf);
	wire_adopt(wire, conf);
	log_info(&site->log, "reloaded");
	return true;
}
