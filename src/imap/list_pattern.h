/*
 * imap/list_pattern.h - the wildcards of LIST: '*' is anything, '%' anything without the separator '/'.
 */
#pragma once

#include "base/base.h"

struct arena;
struct list_pattern;

/* `pattern` is UTF-8, reference and name put together. Borrowed never; lives in the arena. */
struct list_pattern *list_pattern_new(struct arena *arena, struct str pattern);

/* INBOX as the first level of `name` is matched in either case.
 * Time grows with the product of the lengths at the worst, whatever the wildcards. */
bool list_pattern_matches(const struct list_pattern *pattern, struct str name);
