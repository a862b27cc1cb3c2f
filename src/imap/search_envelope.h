/*
 * imap/search_envelope.h - SEARCH SUBJECT, FROM, TO, CC, BCC by the envelope as it is stored, without the header.
 *
 * RFC 9051 6.4.4 defines these keys by the envelope structure. Addresses are looked at as "name <mailbox@host>".
 */
#pragma once

#include "base/base.h"
#include "mime/text.h"

struct arena;

enum envelope_field {
	ENVELOPE_SUBJECT = 1, /* places in the envelope, RFC 9051 7.5.2 */
	ENVELOPE_FROM = 2,
	ENVELOPE_TO = 5,
	ENVELOPE_CC = 6,
	ENVELOPE_BCC = 7,
};

/* "Subject", ... in either case. False: no field that is looked for in envelopes. */
bool envelope_field_find(struct str name, enum envelope_field *field_out);

/*
 * Is the text in that field? An empty key asks whether the field is there. `arena` is used for a moment. ERR_LIMIT: the
 * envelope is so large that it may have been cut when it was stored; ERR_CORRUPT: it is none of mime_envelope's. In both
 * cases the header knows.
 */
NODISCARD enum errc envelope_has_text(struct str envelope, enum envelope_field field,
    const struct text_key *key, struct arena *arena, bool *has_out);
