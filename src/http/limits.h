/*
 * http/limits.h - the largest that is taken.
 */
#pragma once

#define HTTP_LINE_MAX                                                                          \
	((size_t)8192) /* a request line (RFC 9112 3 recommends 8000 at least), a field line */
#define HTTP_HEAD_MAX ((size_t)16384) /* request line and fields together */
#define HTTP_FIELDS_MAX ((size_t)100)
#define HTTP_REQUESTS_MAX 10000 /* of one connection; then it is closed after the answer */
#define HTTP_REQUEST_MS 60000	/* from one answer to the end of the next request */
