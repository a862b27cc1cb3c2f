#include "main/notify.h"

#include "base/str.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WATCHDOG_MAX_US (UINT64_C(86400) * 1000 * 1000)

/* A path, or "@name" for an abstract socket. */
static enum errc connect_to(struct notify *notify, struct str where, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + where.n);

	if (where.n >= sizeof(address.sun_path) || (where.p[0] != '/' && where.p[0] != '@'))
		return err_set(err, ERR_ARG, "NOTIFY_SOCKET: no socket: %.*s", STR_ARG(where));
	memcpy(address.sun_path, where.p, where.n);
	if (where.p[0] == '@')
		address.sun_path[0] = '\0';
	else
		size++; /* the NUL */
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd >= 0 && connect(notify->fd, (struct sockaddr *)&address, size) == 0)
		return OK;
	(void)err_set(
	    err, ERR_UNAVAIL, "NOTIFY_SOCKET %.*s: %s", STR_ARG(where), strerrordesc_np(errno));
	notify_close(notify);
	return ERR_UNAVAIL;
}

/* sd_watchdog_enabled(3): for us if no process is named, or we are. */
static enum errc read_watchdog(struct notify *notify, struct err *err)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t value = 0, process = (uint64_t)getpid();

	if (!usec)
		return OK;
	if (str_to_u64(str_from(usec), WATCHDOG_MAX_US, &value) != OK ||
	    (pid && str_to_u64(str_from(pid), INT32_MAX, &process) != OK))
		return err_set(err, ERR_ARG, "WATCHDOG_USEC, WATCHDOG_PID: no numbers");
	if (process == (uint64_t)getpid())
		notify->watchdog_ms = (int64_t)(value / 1000);
	return OK;
}

enum errc notify_open(struct notify *notify, struct err *err)
{
	const char *where = getenv("NOTIFY_SOCKET");
	enum errc rc = OK;

	*notify = (struct notify){ .fd = -1 };
	if (where && where[0])
		rc = connect_to(notify, str_from(where), err);
	if (rc == OK && notify->fd >= 0)
		rc = read_watchdog(notify, err);
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return rc;
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		(void)close(notify->fd);
	notify->fd = -1;
}

/* A service manager that is not there does not stop the mail. */
static void say(const struct notify *notify, const char *text)
{
	if (notify->fd >= 0)
		(void)send(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void notify_ready(const struct notify *notify, const char *status)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	say(notify, text);
}

void notify_reloading(const struct notify *notify)
{
	struct timespec now;
	char text[128];

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	say(notify, text);
}

void notify_stopping(const struct notify *notify)
{
	say(notify, "STOPPING=1\nSTATUS=ending sessions");
}

void notify_watchdog(const struct notify *notify)
{
	say(notify, "WATCHDOG=1");
}
