/*
 * authd/saslauthd_request.h - what libsasl2 says to saslauthd and is answered: texts behind their length in two bytes, the
 * high one first. Four of them ask (login, password, service, realm), one answers: it begins with OK or NO.
 */
#pragma once

#include "base/base.h"

struct buf;

struct saslauthd_request {
	struct str login, password, service, realm; /* realm may be empty */
};

/* At the front of `in`; views of it. ERR_MORE; ERR_LIMIT: one of the texts is longer than it may be, and where the next
 * begins does not matter any more. */
NODISCARD enum errc saslauthd_request_parse(
    struct str in, struct saslauthd_request *request_out, struct err *err);

/* For those who ask. ERR_LIMIT: a text that does not fit. */
NODISCARD enum errc saslauthd_request_print(
    struct buf *out, const struct saslauthd_request *request, struct err *err);

void saslauthd_answer_print(struct buf *out, struct str text);

/* ERR_MORE: not all of it is there. */
NODISCARD enum errc saslauthd_answer_parse(struct str in, struct str *text_out);
