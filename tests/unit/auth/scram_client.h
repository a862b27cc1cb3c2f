/*
 * tests/unit/auth/scram_client.h - the client's side of SCRAM (RFC 5802 section 3), written from the RFC over OpenSSL.
 */
#pragma once

#include "auth/scram.h"

struct arena;

struct scram_dialogue {
	enum scram_hash hash;
	struct str password;
	struct str gs2;	    /* "n,,", "y,,", "p=tls-exporter,,": also with an authzid */
	struct str binding; /* bytes behind the gs2 header */
	struct str name, nonce;
	/* filled by the calls, in the arena */
	struct str first_bare, final,
	    signature; /* signature: "v=..." as the server must answer */
};

/* The client's first message. */
struct str scram_client_first(struct scram_dialogue *d, struct arena *arena);

/* Its second, for the server's first. */
struct str scram_client_final(
    struct scram_dialogue *d, struct str server_first, struct arena *arena);
