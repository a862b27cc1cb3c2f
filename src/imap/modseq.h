/*
 * imap/modseq.h - the grammar of CONDSTORE and QRESYNC (RFC 7162 section 7). Pure functions.
 */
#pragma once

#include "imap/seqset.h"

struct cursor;

/* mod-sequence-value: 63 bits, and no 0; mod-sequence-valzer: 0 too. */
NODISCARD enum errc imap_modseq(struct cursor *c, int64_t *out, struct err *err);
NODISCARD enum errc imap_modseq_or_zero(struct cursor *c, int64_t *out, struct err *err);

/* What a client knows of a mailbox: QRESYNC SP "(" uidvalidity SP modseq [SP known-uids] [SP seq-match-data] ")" */
struct qresync {
	bool asked;
	uint32_t uidvalidity;
	int64_t modseq;
	struct seqset known; /* uids, without '*'; count 0: all */
	/* as many numbers in each of the two, ascending: the message of that number has that uid */
	struct seqset match_seqs, match_uids; /* count 0: not said */
};

struct select_params {
	bool condstore;
	struct qresync qresync;
};

/* [SP "(" select-param *(SP select-param) ")"] */
NODISCARD enum errc imap_select_params(
    struct cursor *c, struct arena *arena, struct select_params *out, struct err *err);

struct fetch_modifiers {
	int64_t changed_since; /* 0: no condition */
	bool vanished;	       /* with changed_since alone */
};

/* [SP "(" fetch-modifier *(SP fetch-modifier) ")"] */
NODISCARD enum errc imap_fetch_modifiers(
    struct cursor *c, struct fetch_modifiers *out, struct err *err);

/* ["(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")" SP]; INT64_MAX: no condition. */
NODISCARD enum errc imap_store_modifiers(
    struct cursor *c, int64_t *unchanged_since_out, struct err *err);

/* Behind "MODSEQ" and its space: [entry-name SP entry-type-req SP] mod-sequence-valzer. There is one modseq a message. */
NODISCARD enum errc imap_search_modseq(
    struct cursor *c, struct arena *arena, int64_t *out, struct err *err);
