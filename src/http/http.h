/*
 * http/http.h - a small HTTP/1.1 server for pages that the program makes of itself (RFC 9110, RFC 9112): GET and HEAD,
 * requests without a body, for loopback and named peers.
 */
#pragma once

#include "base/conf.h"
#include "net/session.h"

/* Filled from the configuration by http_conf_table. */
struct http_conf {
	struct conf_addresses listen; /* a host alone gets port 9024 */
	struct conf_list allow;	      /* besides loopback and unix sockets */
};

extern const struct conf_table http_conf_table;

#define HTTP_PORT 9024

struct http_page {
	struct str path;	  /* "/metrics" */
	const char *content_type; /* "text/plain; charset=utf-8" */
	/* Appends the page; must be quick and must not use the database. */
	void (*write)(void *arg, struct buf *out);
	void *arg;
	bool (*is_well)(void *arg); /* false: the status is 503; NULL: always 200 */
};

#define HTTP_PAGES_MAX 8

/* What main hands in; must outlive every session. */
struct http_env {
	const struct http_conf *conf;
	struct http_page page[HTTP_PAGES_MAX];
	size_t page_count;
};

/* For struct service: `arg` is a const struct http_env *. */
struct session *http_open(void *arg, const struct session *base);
struct session_verbs http_session_verbs(void);

#define HTTP_REFUSAL                                                                           \
	"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
