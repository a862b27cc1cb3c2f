/*
 * imap/acl_rights.h - rights as the letters of RFC 4314 section 2.1. Pure.
 */
#pragma once

#include "base/base.h"

struct buf;

/*
 * Letters in any order, each as often as one likes, to enum right. The obsolete "c" is "k", and "d" is "x", "t" and "e"
 * (section 2.1.1). ERR_SYNTAX: another letter.
 */
NODISCARD enum errc acl_rights_parse(struct str text, unsigned *rights_out, struct err *err);

/* Appends the letters, the obsolete ones for those who know no other behind them; `""` for none. */
void acl_rights_print(struct buf *out, unsigned rights);

/* Appends a space and each letter that may be given or not for itself (LISTRIGHTS, section 3.7). */
void acl_rights_print_optional(struct buf *out);
