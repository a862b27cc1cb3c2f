/*
 * mime/limits.h - how much of a message is looked into. Past a limit nothing fails: the bytes stay what they
 * are, and are served as an opaque part, an unparsed value or a shorter list.
 */
#pragma once

/* Parts inside parts. What would go deeper is kept whole, as application/octet-stream. */
#define MIME_DEPTH_MAX 100

/* Parts of a message. What follows the last one belongs to the part that holds it. */
#define MIME_PARTS_MAX 10000

/* RFC 2046 5.1.1 allows 70 bytes; what is found in the wild is longer. */
#define MIME_BOUNDARY_MAX 1000

/* Blanks behind a boundary; a line with more of them is no delimiter. */
#define MIME_PADDING_MAX 1000

/* Parameters of one field, pieces of RFC 2231 counted singly. */
#define MIME_PARAMS_MAX 100

/* Addresses of one envelope member, marks of groups included. */
#define MIME_ADDRESSES_MAX 10000

/* Languages of one Content-Language field. */
#define MIME_LANGUAGES_MAX 100

/* Bytes of one string in ENVELOPE or BODYSTRUCTURE; longer ones are cut there, never in the message. */
#define MIME_STRING_MAX 65536

/* Bytes of an ENVELOPE or a BODYSTRUCTURE, about: then lists end early and strings are empty. An answer is held in memory. */
#define MIME_PRINTED_MAX 1048576

/* Bytes of a Subject that are looked at for the keys of SORT and THREAD. */
#define MIME_SUBJECT_MAX 65536

/* Longest name of a charset. */
#define MIME_CHARSET_NAME_MAX 40

/* Parentheses in a stored BODYSTRUCTURE: two a level for parts, and those of lists and envelopes. */
#define MIME_STRUCTURE_DEPTH_MAX (2 * MIME_DEPTH_MAX + 10)
