#include "mime/subject.h"

#include "mime/casemap.h"
#include "mime/limits.h"
#include "mime/word.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* Step 1: decoded, every run of white space is one blank. */
static struct str one_line(struct str value, struct arena *arena)
{
	struct str text = mime_word_text(str_first(value, MIME_SUBJECT_MAX), arena);
	char *p = arena_alloc_raw(arena, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_is_space(text.p[i]))
			p[n++] = text.p[i];
		else if (n > 0 && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	if (n > 0 && p[n - 1] == ' ')
		n--;
	return (struct str){ p, n };
}

static struct str skip_blanks(struct str s)
{
	while (s.n > 0 && s.p[0] == ' ')
		s = str_from_at(s, 1);
	return s;
}

/* Step 2, subj-trailer: "(fwd)" and blanks at the end. */
static struct str cut_trailers(struct str s, bool *is_reply)
{
	for (;;) {
		while (s.n > 0 && s.p[s.n - 1] == ' ')
			s.n--;
		if (!str_ends_nocase(s, STR("(fwd)")))
			return s;
		s.n -= 5;
		*is_reply = true;
	}
}

/* subj-blob: "[", no bracket, "]" and blanks. */
static bool skip_blob(struct str *s)
{
	size_t i = 1;

	if (s->n == 0 || s->p[0] != '[')
		return false;
	while (i < s->n && s->p[i] != '[' && s->p[i] != ']')
		i++;
	if (i == s->n || s->p[i] != ']')
		return false;
	*s = skip_blanks(str_from_at(*s, i + 1));
	return true;
}

/* subj-refwd: "re", "fw" or "fwd", blanks, perhaps a blob, ":". */
static bool skip_refwd(struct str *s)
{
	struct str rest = *s;

	if (str_starts_nocase(rest, STR("fwd")))
		rest = str_from_at(rest, 3);
	else if (str_starts_nocase(rest, STR("re")) || str_starts_nocase(rest, STR("fw")))
		rest = str_from_at(rest, 2);
	else
		return false;
	rest = skip_blanks(rest);
	(void)skip_blob(&rest);
	if (rest.n == 0 || rest.p[0] != ':')
		return false;
	*s = skip_blanks(str_from_at(rest, 1));
	return true;
}

/*
 * Steps 3 to 5: leaders go, and blobs that something is left behind. A row of blobs is looked at once: without
 * "re:" behind it none of them is a leader.
 */
static struct str cut_leaders(struct str s, bool *is_reply)
{
	for (;;) {
		struct str before = s = skip_blanks(s), last = s;

		while (skip_blob(&s))
			if (s.n > 0)
				last = s;
		if (skip_refwd(&s)) {
			*is_reply = true;
			continue;
		}
		s = last;
		if (s.n == before.n)
			return s;
	}
}

/* Step 6: "[fwd: ... ]". */
static bool cut_wrapper(struct str *s, bool *is_reply)
{
	if (!str_starts_nocase(*s, STR("[fwd:")) || s->p[s->n - 1] != ']')
		return false;
	*s = str_from_at(str_first(*s, s->n - 1), 5);
	*is_reply = true;
	return true;
}

struct mime_subject mime_subject(struct str value, struct arena *arena)
{
	struct mime_subject subject = { .text = one_line(value, arena) };
	struct buf key = BUF_INIT(SIZE_MAX);
	struct str base = subject.text;

	do {
		base = cut_trailers(base, &subject.is_reply);
		base = cut_leaders(base, &subject.is_reply);
	} while (cut_wrapper(&base, &subject.is_reply));
	subject.base = base;
	casemap_add(&key, base);
	subject.key = str_dup(arena, buf_str(&key));
	buf_release(&key);
	return subject;
}
