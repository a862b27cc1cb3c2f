/*
 * net/proxy.h - the PROXY protocol, versions 1 and 2, as haproxy's proxy-protocol.txt describes it: what a trusted
 * proxy says of the client in front of it, before the first byte of the client's own.
 */
#pragma once

#include "net/address.h"

/*
 * Bytes of a header. Version 1 has 107 at the most (2.1); of version 2 (2.2) the addresses take 232, and this leaves
 * room for what extensions say of certificates.
 */
#define PROXY_V1_SIZE_MAX 107
#define PROXY_SIZE_MAX 4096

enum proxy_client {
	PROXY_LOCAL,   /* the proxy itself: a health check */
	PROXY_UNKNOWN, /* somebody whose address is not said */
	PROXY_UNIX,    /* somebody on the proxy's machine, by a unix socket */
	PROXY_INET,    /* `source` and `destination` */
};

struct proxy_header {
	size_t size; /* bytes that it takes; what follows is the client's */
	enum proxy_client client;
	union address source, destination; /* of PROXY_INET; they are of one family */
	bool tls;			   /* the client speaks TLS with the proxy */
	char
	    tls_version[16]; /* "TLSv1.3", printable, NUL-terminated; empty if it is not said */
};

/*
 * Parse the header at the front of `in`, which may be cut anywhere. OK; ERR_MORE: so far it is the beginning of one,
 * and all of `in` belongs to it; ERR_SYNTAX: it is none (a checksum that is wrong is a mistake too); ERR_LIMIT.
 */
NODISCARD enum errc proxy_parse(
    struct str in, struct proxy_header *header_out, struct err *err);
