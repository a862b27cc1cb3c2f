/*
 * store/content_int.h - inside src/store: the form of mail_contents.header.
 *
 * One byte of marks, the length of the trace headers (7-bit groups), the trace headers, the coded skeleton.
 */
#pragma once

#include "store/content.h"

#define CONTENT_HAS_EXTENTS 1 /* mark: the row's extents are not NULL */
