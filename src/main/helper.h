/*
 * main/helper.h - what stays root when the server has stopped being it: a process that opens again the files that the
 * configuration of the start names, and passes the descriptors.
 *
 * It is asked for a kind of file (main/files.h), never for a path, so a server in a stranger's hands gets from it what
 * it had at the start and nothing else. It is locked in itself, with fewer system calls than the server; it has no
 * socket but the one to the server, and ends when that is closed.
 */
#pragma once

#include "main/files.h"
#include "main/lockin.h"

struct helper;

/* Before the listeners and before any thread. `files` is copied. */
NODISCARD enum errc helper_start(const struct files *files, enum lockin_mode sandbox,
    struct helper **helper_out, struct err *err);

/* As files_open, with the helper's rights. ERR_CLOSED: it is gone. One thread at a time. */
NODISCARD enum errc helper_open(struct helper *helper, enum files_what what,
    const struct files_taker *taker, struct err *err);

/* Waits for its end. Accepts NULL. */
void helper_stop(struct helper **helperp);
