/*
 * cli/ask.h - asking the running server by its control socket.
 */
#pragma once

#include "base/buf.h"
#include "main/control_request.h"

struct cli;

/* An answer is one line: 100,000 sessions have room. */
#define ANSWER_MAX ((size_t)(64 * 1024 * 1024))

/* Sends the request to a unix socket and reads until its end, waiting `wait_s` seconds for each piece at the most.
 * ERR_NOTFOUND: nobody is there; ERR_DENIED, ERR_UNAVAIL, ERR_LIMIT. */
NODISCARD enum errc cli_exchange(
    struct str path, int wait_s, struct str request, struct buf *answer, struct err *err);

/*
 * Asks the server at `path` and appends what it answers.
 * ERR_NOTFOUND  no server listens there; ERR_DENIED it is another's; ERR_UNAVAIL it did not answer in time;
 * ERR_LIMIT the answer is too long; ERR_CORRUPT it is none
 */
NODISCARD enum errc cli_ask(struct str path, const struct control_request *request,
    struct arena *arena, struct buf *answer, struct err *err);

/* Loads the configuration and asks its server; says why it could not. EX_OK, or an exit status. */
int cli_ask_server(
    const struct cli *cli, const struct control_request *request, struct buf *answer);
