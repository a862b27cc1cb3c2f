/*
 * mime/subject.h - what SORT and THREAD take from a Subject (RFC 5256 section 2.1).
 */
#pragma once

#include "base/base.h"

struct arena;

struct mime_subject {
	struct str text; /* decoded, on one line, one blank for many */
	struct str base; /* the base subject, a part of `text`; empty if nothing is left */
	struct str key;	 /* `base` as casemap.h has it, to compare and sort by */
	bool is_reply;	 /* something that says reply or forward was taken off */
};

/* Of a raw value; all of it lives in `arena`. Only the first MIME_SUBJECT_MAX bytes are looked at. */
struct mime_subject mime_subject(struct str value, struct arena *arena);
