/*
 * imap/search.h - does a message match the keys of a SEARCH (RFC 3501 6.4.4)?
 *
 * Cheap keys are asked first: those that the index answers, then those that need the header, then the rest. Only what
 * a key needs is read.
 */
#pragma once

#include "imap/search_key.h"
#include "imap/view.h"

struct search;

/*
 * Keys ready to be asked, for the view as it is now. Texts are in `charset` (p == NULL: not said); ERR_UNSUPPORTED:
 * it is not known. Lives in `arena`.
 */
NODISCARD enum errc search_new(struct imap_session *s, const struct search_key *key,
    struct str charset, struct arena *arena, struct search **search_out, struct err *err);

/* Number `seq` of the view. A message whose bytes are gone has no text. */
NODISCARD enum errc search_matches(
    struct search *search, struct db *db, uint32_t seq, bool *matches_out, struct err *err);

/* Do the keys need rows of the database, beside the index? */
bool search_reads(const struct search *search);

/* At the end of a step, before its connection is given back. */
void search_settle(struct search *search);

void search_release(struct search *search);
