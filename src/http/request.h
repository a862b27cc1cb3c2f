/*
 * http/request.h - the head of an HTTP/1.1 request (RFC 9112), strictly.
 *
 * Lines end in CRLF and nothing else, fields are not folded, lengths are said once: where two programs in a row could read
 * a head differently (request smuggling) it is refused.
 */
#pragma once

#include "base/base.h"

struct arena;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER };

struct http_field {
	struct str name, value; /* value without white space around it */
};

struct http_request {
	enum http_method method;
	struct str path;  /* of the target, before "?"; as it is sent */
	struct str query; /* behind it; p == NULL: none */
	bool is_1_1;	  /* else 1.0 */
	bool keep;	  /* the connection may stay (RFC 9112 9.3) */
	const struct http_field *fields;
	size_t field_count;
	uint64_t body_size;
};

/*
 * A whole head in `in`, with the empty line behind it: *size_out is its length. Empty lines before it are skipped (RFC
 * 9112 2.2) and belong to it.
 *
 * ERR_MORE: it is not complete. Otherwise *status_out is what is to be answered before the connection is closed:
 * ERR_LIMIT: 414 or 431; ERR_SYNTAX: 400.
 */
NODISCARD enum errc http_head_find(struct str in, size_t *size_out, int *status_out);

/*
 * Parses what http_head_find found. Views of `head`; the list in the arena. Otherwise *status_out is what is to be
 * answered before the connection is closed, since nobody knows where the next request begins: ERR_SYNTAX 400; ERR_LIMIT
 * 431; ERR_UNSUPPORTED 501 (a transfer coding) or 505.
 */
NODISCARD enum errc http_request_parse(struct str head, struct arena *arena,
    struct http_request *request_out, int *status_out, struct err *err);
