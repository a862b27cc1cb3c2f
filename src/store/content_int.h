/*
 * store/content_int.h - inside src/store: the form of mail_contents.header.
 *
 * One byte of marks, the length of the trace headers (7-bit groups), the trace headers, the coded skeleton.
 */
#pragma once

#include "store/content.h"

/* Marks. */
#define CONTENT_HAS_EXTENTS 1 /* the row's extents are not NULL */
#define CONTENT_IS_WHOLE 2    /* the coded piece is header and body; the row's body is empty */
