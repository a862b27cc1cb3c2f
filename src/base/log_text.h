/*
 * base/log_text.h - text from outside made safe for one line: nothing ends the line or the quotes, moves a
 * terminal's cursor or turns the direction of reading; what is not UTF-8 is visible as such.
 */
#pragma once

#include "base/base.h"

struct buf;

/*
 * What goes between the quotes. `"` and `\` get a backslash; the bytes of controls, of line and paragraph
 * separators, of direction marks and of what is not UTF-8 become \xNN. After `max` bytes of `s`, or less so as
 * not to cut a character, follows U+2026.
 */
void log_text_quoted(struct buf *out, struct str s, size_t max);

/* The same as the inside of a JSON string: its value is what log_text_quoted writes, but for \" that is ". */
void log_text_json(struct buf *out, struct str s, size_t max);

/* Can it stand without quotes: not empty, at most `max`, letters, digits and . _ - : / + @ [ ] , only? */
bool log_text_is_word(struct str s, size_t max);
