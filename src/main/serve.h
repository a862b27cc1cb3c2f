/*
 * main/serve.h - the server: `tabella serve`.
 */
#pragma once

#include "main/site.h"

/*
 * Runs in the foreground until SIGTERM or SIGINT; SIGHUP loads what can change while it runs (certificate, log).
 * Returns the process's exit status; what went wrong is in the log.
 */
int serve(const struct site_named *named);
