#include "mime/address.h"

#include "mime/address_lex.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

struct parser {
	struct address_lexer lx;
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
static void take_angle(struct address_lexer *lx, struct element *el)
{
	bool in_route;
	const char *start = lx->p;

	address_next(lx);
	in_route = address_token_is(lx, '@');
	while (lx->kind != TOKEN_END && !address_token_is(lx, '>') &&
	    (in_route || !address_token_is(lx, ','))) {
		if (address_token_is(lx, ':'))
			in_route = false;
		address_next(lx);
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
	struct address_lexer *lx = &ps->lx;
	struct element el = { .start = lx->p };

	lx->comment = STR_EMPTY;
	for (;;) {
		address_next(lx);
		if (address_token_is(lx, '<') &&
		    (!el.angle || !has_at(el.angle, el.angle_end))) {
			struct str comment = lx->comment;

			take_angle(lx, &el);
			lx->comment = comment;
		} else if (address_token_is(lx, '@') && !el.angle) {
			el.at = lx->start;
		}
		if (lx->kind == TOKEN_END || address_token_is(lx, ',') ||
		    address_token_is(lx, ';'))
			break;
		if (address_token_is(lx, ':') && !el.angle && !el.at && !ps->in_group)
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
	struct address_lexer lx = address_lexer_of(p, end);
	char *text;
	size_t n = 0;

	address_next(&lx);
	if (!address_token_is(&lx, '@'))
		return p;
	text = arena_alloc_raw(arena, (size_t)(end - p));
	while (lx.kind != TOKEN_END && !address_token_is(&lx, ':')) {
		memcpy(text + n, lx.text.p, lx.text.n);
		n += lx.text.n;
		address_next(&lx);
	}
	if (lx.kind == TOKEN_END)
		return p;
	*adl_out = (struct str){ text, n };
	return lx.p;
}

/* The last '@' that is in no quotes, or NULL. */
static const char *last_at(const char *p, const char *end)
{
	struct address_lexer lx = address_lexer_of(p, end);
	const char *at = NULL;

	while (address_next(&lx) != TOKEN_END)
		if (address_token_is(&lx, '@'))
			at = lx.start;
	return at;
}

static struct str render_domain(const char *at, const char *end, struct arena *arena)
{
	struct address_lexer lx = address_lexer_of(at, end);

	/* from the '@' on, so that a literal is known as one */
	address_next(&lx);
	if (address_next(&lx) == TOKEN_LITERAL)
		return lx.text;
	return or_empty(address_render(at + 1, end, JOIN_ADDRESS, arena));
}

static void add_angle_address(struct parser *ps, const struct element *el)
{
	struct mime_address address = { .name = address_render(
					    el->start, el->angle - 1, JOIN_PHRASE, ps->arena) };
	const char *p = take_route(el->angle, el->angle_end, &address.adl, ps->arena);
	const char *at = last_at(p, el->angle_end);

	if (address.name.n == 0)
		address.name = address_render_comment(el->comment, ps->arena);
	address.mailbox =
	    or_empty(address_render(p, at ? at : el->angle_end, JOIN_ADDRESS, ps->arena));
	address.host = at ? render_domain(at, el->angle_end, ps->arena) : STR("");
	add(ps, address);
}

/* Where the local part begins in "John Doe jd@example.com": behind the last blank that no dot is beside of. */
static const char *find_local(const char *start, const char *at)
{
	struct address_lexer lx = address_lexer_of(start, at);
	const char *local = start;
	char before = '.';

	while (address_next(&lx) != TOKEN_END) {
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
	struct address_lexer lx = address_lexer_of(at, end);
	char before = '@';

	address_next(&lx);
	while (address_next(&lx) != TOKEN_END) {
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
	struct mime_address address = { .name = address_render(
					    el->start, local, JOIN_PHRASE, ps->arena) };

	if (address.name.n == 0)
		address.name = address_render_comment(el->comment, ps->arena);
	if (address.name.n == 0)
		address.name = address_render(end, el->end, JOIN_PHRASE, ps->arena);
	address.mailbox = or_empty(address_render(local, el->at, JOIN_ADDRESS, ps->arena));
	address.host = render_domain(el->at, end, ps->arena);
	add(ps, address);
}

static void add_word(struct parser *ps, const struct element *el)
{
	struct mime_address address = {
		.mailbox = address_render(el->start, el->end, JOIN_PHRASE, ps->arena),
		.host = STR(""),
	};

	if (!address.mailbox.p)
		return;
	address.name = address_render_comment(el->comment, ps->arena);
	add(ps, address);
}

static void add_element(struct parser *ps, const struct element *el)
{
	if (el->stop == ':') {
		struct mime_address mark = { .mailbox = or_empty(address_render(
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
	ps.lx = address_lexer_of(value.p, value.p + value.n);
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
