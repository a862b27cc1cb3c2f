#include "mime/address.h"

#include "mime/lex.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,    /* atoms, dots, encoded words, whatever else is no special */
	TOKEN_QUOTED,  /* text without the quotes */
	TOKEN_LITERAL, /* "[...]" of a domain */
	TOKEN_SPECIAL  /* , ; : < > @ */
};

/*
 * Splits a value into tokens. A quote or comment that is never closed is an ordinary byte, and so are then all
 * others of its kind: the search for the end is not made twice.
 */
struct lexer {
	const char *p, *end;
	bool quotes_are_text, comments_are_text;
	/* the last token */
	enum token_kind kind;
	const char *start; /* its first byte; quotes belong to it */
	struct str text;
	bool after_blank;   /* white space or a comment was before it */
	bool is_at;	    /* it was '@': a domain literal may follow */
	struct str comment; /* the last one that was met */
};

static bool is_special(char c)
{
	return c == ',' || c == ';' || c == ':' || c == '<' || c == '>' || c == '@';
}

static struct lexer lexer_of(const char *p, const char *end)
{
	return (struct lexer){ .p = p, .end = end };
}

static bool skip_comment(struct lexer *lx)
{
	const char *after;

	if (lx->comments_are_text)
		return false;
	after = lex_after_comment(lx->p, lx->end);
	if (!after) {
		lx->comments_are_text = true;
		return false;
	}
	lx->comment = (struct str){ lx->p + 1, (size_t)(after - lx->p) - 2 };
	lx->p = after;
	return true;
}

static void skip_blanks(struct lexer *lx)
{
	const char *start = lx->p;

	while (lx->p < lx->end) {
		if (ascii_is_space(*lx->p))
			lx->p++;
		else if (*lx->p != '(' || !skip_comment(lx))
			break;
	}
	lx->after_blank = lx->p > start;
}

static bool take_quoted(struct lexer *lx)
{
	const char *after;

	if (lx->quotes_are_text)
		return false;
	after = lex_after_quoted(lx->p, lx->end);
	if (!after) {
		lx->quotes_are_text = true;
		return false;
	}
	lx->kind = TOKEN_QUOTED;
	lx->text = (struct str){ lx->p + 1, (size_t)(after - lx->p) - 2 };
	lx->p = after;
	return true;
}

/* RFC 5322 3.4.1: domain-literal. A bracket that is not closed before the next special begins a word. */
static bool take_literal(struct lexer *lx)
{
	const char *p = lx->p + 1;

	/* an IPv6 address has colons */
	while (p < lx->end && *p != ']' && *p != '[' && (*p == ':' || !is_special(*p)))
		p++;
	if (p == lx->end || *p != ']')
		return false;
	lx->kind = TOKEN_LITERAL;
	lx->text = (struct str){ lx->p, (size_t)(p - lx->p) + 1 };
	lx->p = p + 1;
	return true;
}

static void take_word(struct lexer *lx)
{
	const char *p = lx->p;

	do {
		struct lex_word word;

		/* a comma in an encoded word separates nothing */
		if (*p == '=' && lx->end - p > 1 && p[1] == '?' &&
		    lex_encoded_word(p, lx->end, false, &word))
			p = word.after;
		else
			p++;
	} while (p < lx->end && !ascii_is_space(*p) && !is_special(*p) &&
	    (*p != '"' || lx->quotes_are_text) && (*p != '(' || lx->comments_are_text));
	lx->kind = TOKEN_WORD;
	lx->text = (struct str){ lx->p, (size_t)(p - lx->p) };
	lx->p = p;
}

static enum token_kind next_token(struct lexer *lx)
{
	bool after_at = lx->is_at;

	skip_blanks(lx);
	lx->start = lx->p;
	lx->is_at = false;
	if (lx->p == lx->end)
		return lx->kind = TOKEN_END;
	if (is_special(*lx->p)) {
		lx->kind = TOKEN_SPECIAL;
		lx->text = (struct str){ lx->p, 1 };
		lx->is_at = *lx->p == '@';
		lx->p++;
		return TOKEN_SPECIAL;
	}
	if (*lx->p == '"' && take_quoted(lx))
		return TOKEN_QUOTED;
	if (*lx->p == '[' && after_at && take_literal(lx))
		return TOKEN_LITERAL;
	take_word(lx);
	return TOKEN_WORD;
}

static bool is_token(const struct lexer *lx, char special)
{
	return lx->kind == TOKEN_SPECIAL && lx->text.p[0] == special;
}

/* How tokens are put together again. */
enum join {
	JOIN_PHRASE, /* one blank where there was any white space */
	JOIN_ADDRESS /* the same, but none beside a dot or an '@' (RFC 5322 4.4, obs-local-part) */
};

static bool wants_blank(const char *text, size_t n, const struct lexer *lx, enum join how)
{
	char before, after;

	if (n == 0 || !lx->after_blank)
		return false;
	if (how == JOIN_PHRASE)
		return true;
	before = text[n - 1];
	after = lx->text.n > 0 ? lx->text.p[0] : 'x';
	return before != '.' && before != '@' && after != '.' && after != '@';
}

static bool needs_copy(struct str s)
{
	return s.n > 0 && (memchr(s.p, '\\', s.n) || memchr(s.p, '\n', s.n));
}

/* Blanks and line ends inside a quoted string: line ends go, the rest stays. */
static size_t copy_unescaped(char *out, struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' || (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
			continue;
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		out[n++] = s.p[i];
	}
	return n;
}

/* The text of all tokens between two places, without quotes, comments and line ends. p == NULL if there are none. */
static struct str render(const char *p, const char *end, enum join how, struct arena *arena)
{
	struct lexer lx;
	char *text;
	size_t n = 0;

	while (end > p && ascii_is_space(end[-1]))
		end--;
	lx = lexer_of(p, end);
	if (next_token(&lx) == TOKEN_END)
		return STR_EMPTY;
	if (lx.p == end && (lx.kind == TOKEN_WORD || !needs_copy(lx.text)))
		return lx.text;
	text = arena_alloc_raw(arena, (size_t)(end - p) + 1);
	do {
		if (how == JOIN_ADDRESS && (is_token(&lx, '<') || is_token(&lx, '>')))
			continue; /* a bracket without its partner */
		if (wants_blank(text, n, &lx, how))
			text[n++] = ' ';
		if (lx.kind == TOKEN_QUOTED) {
			n += copy_unescaped(text + n, lx.text);
		} else {
			memcpy(text + n, lx.text.p, lx.text.n);
			n += lx.text.n;
		}
	} while (next_token(&lx) != TOKEN_END);
	return (struct str){ text, n };
}

/* A comment as a name: one line, one blank for many. p == NULL if nothing is in it. */
static struct str render_comment(struct str comment, struct arena *arena)
{
	struct str s = str_trim(comment);
	char *text;
	size_t n = 0;

	if (s.n == 0)
		return STR_EMPTY;
	text = arena_alloc_raw(arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (ascii_is_space(s.p[i])) {
			if (n > 0 && text[n - 1] != ' ')
				text[n++] = ' ';
			continue;
		}
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		text[n++] = s.p[i];
	}
	return (struct str){ text, n };
}

struct parser {
	struct lexer lx;
	struct arena *arena;
	struct mime_address_list *list;
	size_t max;
	bool in_group;
};

/* What stands between two commas. */
struct element {
	const char *start, *end;
	const char *angle, *angle_end; /* inside of "<...>", or NULL */
	const char *at;		       /* the last '@' outside of it, or NULL */
	struct str comment;
	char stop; /* ',' ';' ':' or '\0' at the end of the value */
};

static void add(struct parser *ps, struct mime_address address)
{
	struct mime_address_list *list = ps->list;
	struct mime_address *copy;

	if (list->count >= ps->max)
		return;
	copy = ARENA_NEW(ps->arena, struct mime_address, 1);
	*copy = address;
	if (list->tail)
		*list->tail = copy;
	else
		list->first = copy;
	list->tail = &copy->next;
	list->count++;
}

static struct str or_empty(struct str s)
{
	return s.p ? s : STR("");
}

/*
 * The lexer is behind '<'. Takes everything up to '>'. A comma before it ends a "<" that is never closed, unless
 * it stands in a source route ("<@a,@b:c@d>").
 */
static void take_angle(struct lexer *lx, struct element *el)
{
	bool in_route;
	const char *start = lx->p;

	next_token(lx);
	in_route = is_token(lx, '@');
	while (
	    lx->kind != TOKEN_END && !is_token(lx, '>') && (in_route || !is_token(lx, ','))) {
		if (is_token(lx, ':'))
			in_route = false;
		next_token(lx);
	}
	el->angle = start;
	el->angle_end = lx->start;
}

static bool has_at(const char *p, const char *end)
{
	return memchr(p, '@', (size_t)(end - p)) != NULL;
}

/* Finds the end of an element and what is where in it. Returns with the stopping token as the lexer's last. */
static struct element take_element(struct parser *ps)
{
	struct lexer *lx = &ps->lx;
	struct element el = { .start = lx->p };

	lx->comment = STR_EMPTY;
	for (;;) {
		next_token(lx);
		if (is_token(lx, '<') && (!el.angle || !has_at(el.angle, el.angle_end))) {
			struct str comment = lx->comment;

			take_angle(lx, &el);
			lx->comment = comment;
		} else if (is_token(lx, '@') && !el.angle) {
			el.at = lx->start;
		}
		if (lx->kind == TOKEN_END || is_token(lx, ',') || is_token(lx, ';'))
			break;
		if (is_token(lx, ':') && !el.angle && !el.at && !ps->in_group)
			break;
	}
	el.end = lx->start;
	el.comment = lx->comment;
	el.stop = lx->kind == TOKEN_END ? '\0' : lx->text.p[0];
	return el;
}

/* RFC 5322 4.4, obs-route: "@a,@b:" at the front. Returns what follows it. */
static const char *take_route(
    const char *p, const char *end, struct str *adl_out, struct arena *arena)
{
	struct lexer lx = lexer_of(p, end);
	char *text;
	size_t n = 0;

	next_token(&lx);
	if (!is_token(&lx, '@'))
		return p;
	text = arena_alloc_raw(arena, (size_t)(end - p));
	while (lx.kind != TOKEN_END && !is_token(&lx, ':')) {
		memcpy(text + n, lx.text.p, lx.text.n);
		n += lx.text.n;
		next_token(&lx);
	}
	if (lx.kind == TOKEN_END)
		return p;
	*adl_out = (struct str){ text, n };
	return lx.p;
}

/* The last '@' that is in no quotes, or NULL. */
static const char *last_at(const char *p, const char *end)
{
	struct lexer lx = lexer_of(p, end);
	const char *at = NULL;

	while (next_token(&lx) != TOKEN_END)
		if (is_token(&lx, '@'))
			at = lx.start;
	return at;
}

static struct str render_domain(const char *at, const char *end, struct arena *arena)
{
	struct lexer lx = lexer_of(at, end);

	/* from the '@' on, so that a literal is known as one */
	next_token(&lx);
	if (next_token(&lx) == TOKEN_LITERAL)
		return lx.text;
	return or_empty(render(at + 1, end, JOIN_ADDRESS, arena));
}

static void add_angle_address(struct parser *ps, const struct element *el)
{
	struct mime_address address = { .name = render(
					    el->start, el->angle - 1, JOIN_PHRASE, ps->arena) };
	const char *p = take_route(el->angle, el->angle_end, &address.adl, ps->arena);
	const char *at = last_at(p, el->angle_end);

	if (address.name.n == 0)
		address.name = render_comment(el->comment, ps->arena);
	address.mailbox = or_empty(render(p, at ? at : el->angle_end, JOIN_ADDRESS, ps->arena));
	address.host = at ? render_domain(at, el->angle_end, ps->arena) : STR("");
	add(ps, address);
}

/* Where the local part begins in "John Doe jd@example.com": behind the last blank that no dot is beside of. */
static const char *find_local(const char *start, const char *at)
{
	struct lexer lx = lexer_of(start, at);
	const char *local = start;
	char before = '.';

	while (next_token(&lx) != TOKEN_END) {
		if (lx.after_blank && before != '.' && before != '@' && *lx.start != '.' &&
		    *lx.start != '@')
			local = lx.start;
		before = lx.p[-1];
	}
	return local;
}

/* The same at the other end: where the domain ends in "jd@example.com John Doe". */
static const char *find_domain_end(const char *at, const char *end)
{
	struct lexer lx = lexer_of(at, end);
	char before = '@';

	next_token(&lx);
	while (next_token(&lx) != TOKEN_END) {
		if (lx.after_blank && before != '.' && before != '@' && *lx.start != '.')
			return lx.start;
		before = lx.p[-1];
	}
	return end;
}

static void add_bare_address(struct parser *ps, const struct element *el)
{
	const char *local = find_local(el->start, el->at);
	const char *end = find_domain_end(el->at, el->end);
	struct mime_address address = { .name =
					    render(el->start, local, JOIN_PHRASE, ps->arena) };

	if (address.name.n == 0)
		address.name = render_comment(el->comment, ps->arena);
	if (address.name.n == 0)
		address.name = render(end, el->end, JOIN_PHRASE, ps->arena);
	address.mailbox = or_empty(render(local, el->at, JOIN_ADDRESS, ps->arena));
	address.host = render_domain(el->at, end, ps->arena);
	add(ps, address);
}

static void add_word(struct parser *ps, const struct element *el)
{
	struct mime_address address = {
		.mailbox = render(el->start, el->end, JOIN_PHRASE, ps->arena),
		.host = STR(""),
	};

	if (!address.mailbox.p)
		return;
	address.name = render_comment(el->comment, ps->arena);
	add(ps, address);
}

static void add_element(struct parser *ps, const struct element *el)
{
	if (el->stop == ':') {
		struct mime_address mark = { .mailbox = or_empty(render(
						 el->start, el->end, JOIN_PHRASE, ps->arena)) };

		add(ps, mark);
		ps->in_group = true;
		return;
	}
	if (el->angle)
		add_angle_address(ps, el);
	else if (el->at)
		add_bare_address(ps, el);
	else
		add_word(ps, el);
}

static void end_group(struct parser *ps)
{
	if (ps->in_group)
		add(ps, (struct mime_address){ .next = NULL });
	ps->in_group = false;
}

void mime_addresses(
    struct str value, size_t max, struct arena *arena, struct mime_address_list *list)
{
	struct parser ps = { .arena = arena, .list = list, .max = max };
	struct element el;

	if (value.n == 0)
		return;
	ps.lx = lexer_of(value.p, value.p + value.n);
	do {
		el = take_element(&ps);
		add_element(&ps, &el);
		if (el.stop == ';')
			end_group(&ps);
	} while (el.stop != '\0' && list->count < max);
	end_group(&ps);
}

bool mime_address_is_mark(const struct mime_address *address)
{
	return !address->host.p;
}

bool mime_address_first(struct str value, struct arena *arena, struct mime_address *address_out)
{
	struct mime_address_list list = { .first = NULL };

	/* a group's mark, and behind it the address; more marks than that before the first are no list */
	mime_addresses(value, 4, arena, &list);
	for (const struct mime_address *a = list.first; a; a = a->next) {
		if (!mime_address_is_mark(a)) {
			*address_out = *a;
			return true;
		}
	}
	return false;
}

void mime_addresses_write(const struct mime_address_list *list, struct buf *out)
{
	const char *before = "";

	for (const struct mime_address *a = list->first; a; a = a->next) {
		if (mime_address_is_mark(a) && !a->mailbox.p) {
			BUF_ADD(out, ";");
			before = ", ";
			continue;
		}
		buf_add_str(out, str_from(before));
		before = ", ";
		if (mime_address_is_mark(a)) {
			buf_add_str(out, a->mailbox);
			BUF_ADD(out, ": ");
			before = "";
			continue;
		}
		if (a->name.n > 0) {
			buf_add_str(out, a->name);
			BUF_ADD(out, " ");
		}
		BUF_ADD(out, "<");
		buf_add_str(out, a->mailbox);
		BUF_ADD(out, "@");
		buf_add_str(out, a->host);
		BUF_ADD(out, ">");
	}
}
