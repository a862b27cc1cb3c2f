#include "mime/word.h"

#include "mime/charset_pool.h"
#include "mime/encoding.h"
#include "mime/lex.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

#include <string.h>

struct decoder {
	struct buf *out;
	const char *p, *end;
	struct charset plain; /* for text outside of words */
	struct charset_pool *pool;
	struct charset *charset; /* of the words at hand, or NULL */
	struct str charset_name;
};

/* Text as it stands, without line ends. */
static void add_plain(struct decoder *d, const char *p, const char *end)
{
	while (p < end) {
		const char *run = p;

		while (p < end && *p != '\r' && *p != '\n')
			p++;
		charset_feed(&d->plain, (struct str){ run, (size_t)(p - run) }, d->out);
		while (p < end && (*p == '\r' || *p == '\n'))
			p++;
	}
	charset_finish(&d->plain, d->out);
}

static void close_word(struct decoder *d)
{
	if (d->charset)
		charset_finish(d->charset, d->out);
	d->charset = NULL;
}

/* The next word at or after `p`. Each byte is looked at a bounded number of times. */
static bool find_word(
    const char *p, const char *end, const char **at_out, struct lex_word *word_out)
{
	while (p < end && (p = memchr(p, '=', (size_t)(end - p)))) {
		if (end - p < 2 || p[1] != '?') {
			p++;
			continue;
		}
		if (lex_encoded_word(p, end, true, word_out)) {
			*at_out = p;
			return true;
		}
		p = word_out->after;
	}
	return false;
}

static bool is_blank(const char *p, const char *end)
{
	while (p < end && ascii_is_space(*p))
		p++;
	return p == end;
}

/* RFC 2047 4.2: '_' is a blank, whatever the charset. A '=' that begins nothing stays. */
static void decode_q(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && text.n - i > 2) {
			int high = lex_hex_value(text.p[i + 1]);
			int low = lex_hex_value(text.p[i + 2]);

			if (high >= 0 && low >= 0) {
				c = (char)(unsigned char)(high << 4 | low);
				i += 2;
			}
		}
		buf_add_char(out, c);
	}
}

/* False if the word is to be left as it is. */
static bool open_word(struct decoder *d, const struct lex_word *word)
{
	if (d->charset && str_equal_nocase(d->charset_name, word->charset))
		return true;
	close_word(d);
	d->charset = charset_pool_get(d->pool, word->charset);
	d->charset_name = word->charset;
	return d->charset != NULL;
}

static void add_word(struct decoder *d, const struct lex_word *word)
{
	struct buf bytes = BUF_INIT(word->text.n + 4);

	if (word->encoding == 'b')
		mime_decode(MIME_BASE64, word->text, &bytes);
	else
		decode_q(word->text, &bytes);
	charset_feed(d->charset, buf_str(&bytes), d->out);
	buf_release(&bytes);
}

static bool is_base64_text(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '+' && c != '/' &&
		    c != '=' && c != ' ' && c != '\t')
			return false;
	}
	return true;
}

/* Is it a word that can be decoded? Then its charset is open, and the same one if it was open before. */
static bool accept_word(struct decoder *d, const struct lex_word *word)
{
	return (word->encoding != 'b' || is_base64_text(word->text)) && open_word(d, word);
}

static void decode(struct decoder *d)
{
	struct lex_word word;
	const char *at;

	while (find_word(d->p, d->end, &at, &word)) {
		bool is_neighbour = d->charset && is_blank(d->p, at);

		if (!is_neighbour) {
			close_word(d);
			add_plain(d, d->p, at);
			d->p = at;
		}
		if (accept_word(d, &word)) {
			add_word(d, &word);
			d->p = word.after;
			continue;
		}
		close_word(d);
		add_plain(d, d->p, word.after);
		d->p = word.after;
	}
	close_word(d);
	add_plain(d, d->p, d->end);
}

void mime_word_decode_with(struct charset_pool *pool, struct str value, struct buf *out)
{
	struct str s = str_trim(value);
	struct cursor c = cursor_of(s);
	struct decoder d = { .out = out, .p = c.p, .end = c.end, .pool = pool };
	size_t start = out->n;

	if (s.n == 0)
		return;
	charset_open_lenient(&d.plain, STR_EMPTY);
	decode(&d);
	while (start < out->n) {
		char *nul = memchr(out->p + start, '\0', out->n - start);

		if (!nul)
			break;
		*nul = ' ';
		start = (size_t)(nul - out->p) + 1;
	}
}

void mime_word_decode(struct str value, struct buf *out)
{
	struct charset_pool pool = { .used = 0 };

	mime_word_decode_with(&pool, value, out);
	charset_pool_release(&pool);
}

struct str mime_word_text(struct str value, struct arena *arena)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str text;

	mime_word_decode(value, &out);
	text = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return text;
}
