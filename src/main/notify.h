/*
 * main/notify.h - telling the service manager how we are: sd_notify(3) by hand, over the datagram socket that it names
 * in NOTIFY_SOCKET. Without that every call does nothing.
 */
#pragma once

#include "base/base.h"

struct notify {
	int fd;		     /* -1: nobody wants to know */
	int64_t watchdog_ms; /* be heard at least so often; 0: no watchdog */
};

/*
 * Reads the environment and takes the words out of it, so that children do not speak for us. Before the lock-in, after
 * which no socket can be made. ERR_ARG: the environment makes no sense; ERR_UNAVAIL: nobody listens there.
 */
NODISCARD enum errc notify_open(struct notify *notify, struct err *err);
void notify_close(struct notify *notify);

/* READY=1 with a STATUS= for people, also after a reload. */
void notify_ready(const struct notify *notify, const char *status);

/* RELOADING=1 with the time, as Type=notify-reload wants it. */
void notify_reloading(const struct notify *notify);
void notify_stopping(const struct notify *notify);
void notify_watchdog(const struct notify *notify);
