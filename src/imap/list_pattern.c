#include "imap/list_pattern.h"

#include "base/arena.h"
#include "base/str.h"

#include <string.h>

#define WORD_BITS 64

/*
 * All ways to match are followed at once: bit i of the state says that the first i elements of the pattern matched
 * what was read of the name. Elements are characters and wildcards, several wildcards in a row being one.
 */
struct list_pattern {
	struct str elements;
	size_t words;
	const uint64_t
	    *accepts[256]; /* for a byte: the elements that it can be; NULL: only wildcards */
	const uint64_t *stars, *percents;
	uint64_t *state, *next;
};

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
}

static bool has_bit(const uint64_t *bits, size_t i)
{
	return (bits[i / WORD_BITS] >> (i % WORD_BITS) & 1) != 0;
}

static bool is_wildcard(char c)
{
	return c == '*' || c == '%';
}

/* "**", "%*" and "*%" are "*"; "%%" is "%". */
static struct str collapse(struct arena *arena, struct str pattern)
{
	char *out = arena_alloc_raw(arena, pattern.n);
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		if (n > 0 && is_wildcard(out[n - 1]) && is_wildcard(pattern.p[i])) {
			if (pattern.p[i] == '*')
				out[n - 1] = '*';
			continue;
		}
		out[n++] = pattern.p[i];
	}
	return (struct str){ out, n };
}

struct list_pattern *list_pattern_new(struct arena *arena, struct str pattern)
{
	struct list_pattern *p = ARENA_NEW(arena, struct list_pattern, 1);
	uint64_t *bits[256] = { NULL };

	p->elements = collapse(arena, pattern);
	p->words = p->elements.n / WORD_BITS + 1;
	bits['*'] = ARENA_NEW(arena, uint64_t, p->words);
	bits['%'] = ARENA_NEW(arena, uint64_t, p->words);
	for (size_t i = 0; i < p->elements.n; i++) {
		unsigned char c = (unsigned char)p->elements.p[i];

		if (bits[c] == NULL)
			bits[c] = ARENA_NEW(arena, uint64_t, p->words);
		set_bit(bits[c], i);
	}
	memcpy(p->accepts, bits, sizeof(bits));
	p->stars = bits['*'];
	p->percents = bits['%'];
	/* the wildcards' own characters are in no name as elements */
	p->accepts['*'] = p->accepts['%'] = NULL;
	p->state = ARENA_NEW(arena, uint64_t, p->words);
	p->next = ARENA_NEW(arena, uint64_t, p->words);
	return p;
}

/* A wildcard may stand for nothing: who is before it is behind it as well. Two never follow each other. */
static void pass_wildcards(const struct list_pattern *p, uint64_t *state)
{
	uint64_t carry = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t wild = state[w] & (p->stars[w] | p->percents[w]);

		state[w] |= wild << 1 | carry;
		carry = wild >> (WORD_BITS - 1);
	}
}

static uint64_t accepted(const struct list_pattern *p, char c, size_t word)
{
	const uint64_t *accepts = p->accepts[(unsigned char)c];

	return accepts == NULL ? 0 : accepts[word];
}

/* Reads `c`, which may also be written as `other`. */
static void advance(const struct list_pattern *p, char c, char other)
{
	uint64_t carry = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t wild = p->stars[w] | (c == '/' ? 0 : p->percents[w]);
		uint64_t step = p->state[w] & (accepted(p, c, w) | accepted(p, other, w));

		p->next[w] = (p->state[w] & wild) | step << 1 | carry;
		carry = step >> (WORD_BITS - 1);
	}
	pass_wildcards(p, p->next);
	memcpy(p->state, p->next, p->words * sizeof(uint64_t));
}

bool list_pattern_matches(const struct list_pattern *pattern, struct str name)
{
	bool inbox = str_starts(name, STR("INBOX")) && (name.n == 5 || name.p[5] == '/');

	memset(pattern->state, 0, pattern->words * sizeof(uint64_t));
	set_bit(pattern->state, 0);
	pass_wildcards(pattern, pattern->state);
	for (size_t i = 0; i < name.n; i++)
		advance(
		    pattern, name.p[i], inbox && i < 5 ? ascii_lower(name.p[i]) : name.p[i]);
	return has_bit(pattern->state, pattern->elements.n);
}
