/*
 * deliver/pipeline.h - one message on its way in: plans by recipient, stages, one commit.
 *
 * receive -> parse once -> route each recipient -> (filters, Sieve) -> commit. A stage works on the plans; the last one
 * stores what they say. LMTP, SMTP, APPEND's relatives and the command line all end here.
 */
#pragma once

#include "deliver/outbound.h"
#include "deliver/route.h"
#include "store/message.h"

struct log;
struct metrics;
struct store;

/* Where a message came from: what the trace headers say. Borrowed. */
struct envelope {
	struct str sender;   /* return path without brackets; empty: the null path */
	struct str protocol; /* "LMTP", "ESMTPS"; empty: no Received line (local command) */
	struct str helo;     /* what the client called itself */
	struct str peer;     /* "[192.0.2.1]"; empty: a unix socket */
	struct str id;	     /* of the transaction, as in the log */
	struct log *log;     /* the session's; NULL: silent */
};

/* What is to be done for one recipient, and what came of it. */
struct plan {
	struct str recipient; /* as given, without brackets */
	struct route route;
	struct flag_list flags; /* that the stored message begins with */
	/* results of the commit */
	enum errc rc;
	struct err err;
	bool repeated; /* all of it was there already */
	uint32_t uid;  /* of the first folder */
	/* Set by who answers, before pipeline_answers_read: it was refused for now, and the same is sent again. */
	bool comes_again;
};

/* The plans of one message. */
struct plans {
	struct plan *plan;
	size_t count;
};

struct deliver_env {
	struct store *store;
	struct metrics *metrics; /* deliver/metrics.h; NULL: nobody counts */
	const struct outbound *outbound;
	struct route_settings route;
	struct str hostname;
};

struct pipeline;

/*
 * For one message. `bytes` and everything that envelope and plans point to are borrowed until pipeline_free. Parses,
 * hashes and compresses; needs no database. ERR_LIMIT: larger than the store takes.
 */
NODISCARD enum errc pipeline_new(const struct deliver_env *env, const struct envelope *envelope,
    struct plans plans, struct str bytes, struct pipeline **pipeline_out, struct err *err);
void pipeline_free(struct pipeline **pipelinep);

/*
 * Runs the stages. `session` and `serial` name the delivery (store/message.h). ERR_MORE: a stage waits for somebody; call again
 * when the session is woken. OK: every plan has its result. Otherwise nothing was stored for those plans that have
 * not OK.
 */
NODISCARD enum errc pipeline_run(
    struct pipeline *pipeline, int64_t session, int64_t serial, struct err *err);

/* The peer has read the answers: see delivery_answers_read. */
void pipeline_answers_read(struct pipeline *pipeline);
