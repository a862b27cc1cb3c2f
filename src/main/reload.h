/*
 * main/reload.h - the configuration, the certificates and the log file, read and opened again while the server runs.
 *
 * All or nothing: what is wrong is logged with file and line, and everything stays as it was. Sessions that are there
 * keep their edition (main/edition.h).
 */
#pragma once

#include "main/wire.h"

/* On the main thread. Whether it took effect; the log says more. */
bool reload(struct wire *wire);

/* Complaints about a configuration, a line each, into the log. */
struct buf;
void log_complaints(const struct log *log, const struct buf *complaints);
