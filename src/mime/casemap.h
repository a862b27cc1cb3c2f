/*
 * mime/casemap.h - the form in which texts are compared by SEARCH, SORT and THREAD: i;unicode-casemap (RFC 5051).
 */
#pragma once

#include "base/base.h"

struct buf;

/*
 * Appends `utf8` in titlecase and fully decomposed: two texts are alike if these forms are the same bytes, one is in
 * the other if its form is, and they sort as their forms do. Bytes that are no UTF-8 stay as they are. Any cut
 * between characters is allowed: the form of two texts is the two forms.
 */
void casemap_add(struct buf *out, struct str utf8);
