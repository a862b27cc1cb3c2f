#include "mime/message.h"

#include "mime/header.h"
#include "mime/limits.h"
#include "mime/param.h"

#include "base/arena.h"
#include "base/str.h"

#include <string.h>

#define CONTENT_FIELDS ((unsigned)MIME_DATE)
#define NO_LEVEL SIZE_MAX

/*
 * One pass over the bytes. `at` is always the beginning of a line. A scan ends in front of a delimiter line of
 * one of the open multiparts, which `stop` describes, or at the end of the bytes.
 */
struct parser {
	const char *base, *end;
	const char *at;
	uint64_t lines; /* line ends before `at` */
	struct arena *arena;
	size_t part_count;
	struct str open[MIME_DEPTH_MAX]; /* boundaries, outermost first */
	size_t open_count;
	struct {
		size_t level;	   /* whose delimiter, or NO_LEVEL at the end */
		bool is_close;	   /* it has the two hyphens at its end */
		const char *after; /* the line behind it */
	} stop;
};

static const struct {
	struct str name;
	enum mime_field_id id;
} field_names[] = {
	{ STR_INIT("To"), MIME_TO },
	{ STR_INIT("Cc"), MIME_CC },
	{ STR_INIT("Bcc"), MIME_BCC },
	{ STR_INIT("Date"), MIME_DATE },
	{ STR_INIT("From"), MIME_FROM },
	{ STR_INIT("Sender"), MIME_SENDER },
	{ STR_INIT("Subject"), MIME_SUBJECT },
	{ STR_INIT("Reply-To"), MIME_REPLY_TO },
	{ STR_INIT("Message-ID"), MIME_MESSAGE_ID },
	{ STR_INIT("References"), MIME_REFERENCES },
	{ STR_INIT("Content-ID"), MIME_CONTENT_ID },
	{ STR_INIT("In-Reply-To"), MIME_IN_REPLY_TO },
	{ STR_INIT("Content-MD5"), MIME_CONTENT_MD5 },
	{ STR_INIT("Content-Type"), MIME_CONTENT_TYPE },
	{ STR_INIT("Content-Language"), MIME_CONTENT_LANGUAGE },
	{ STR_INIT("Content-Location"), MIME_CONTENT_LOCATION },
	{ STR_INIT("Content-Disposition"), MIME_CONTENT_DISPOSITION },
	{ STR_INIT("Content-Description"), MIME_CONTENT_DESCRIPTION },
	{ STR_INIT("Content-Transfer-Encoding"), MIME_CONTENT_ENCODING },
};

enum mime_field_id mime_field_id(struct str name)
{
	for (size_t i = 0; i < COUNT(field_names); i++)
		if (field_names[i].name.n == name.n &&
		    str_equal_nocase(field_names[i].name, name))
			return field_names[i].id;
	return MIME_FIELD_COUNT;
}

struct str mime_value(const struct mime_part *part, enum mime_field_id id)
{
	if (!part->head || (unsigned)id >= part->head->known)
		return STR_EMPTY;
	return part->head->value[id];
}

static struct str range(struct str bytes, uint64_t offset, uint64_t size)
{
	if (offset > bytes.n || size > bytes.n - offset)
		return STR_EMPTY;
	return (struct str){ bytes.p + offset, (size_t)size };
}

struct str mime_header_of(struct str bytes, const struct mime_part *part)
{
	return range(bytes, part->header_offset, part->header_size);
}

struct str mime_body_of(struct str bytes, const struct mime_part *part)
{
	return range(bytes, part->body_offset, part->body_size);
}

/* Gateways add a few blanks; a line of them is looked at once for each open boundary. */
static const char *skip_padding(const char *p, const char *end)
{
	for (size_t i = 0; i < MIME_PADDING_MAX && p < end; i++, p++)
		if (*p != ' ' && *p != '\t' && *p != '\r')
			break;
	return p;
}

/*
 * RFC 2046 5.1.1: "--", the boundary, "--" if it is the last, and blanks that gateways add. That the line may go on
 * in any way, as the text has it, is not followed: a boundary that begins with another one is found in the wild.
 */
static bool is_delimiter_of(struct parser *p, const char *line, size_t level)
{
	struct str boundary = p->open[level];
	bool is_close = false;

	line += 2;
	if ((size_t)(p->end - line) < boundary.n || memcmp(line, boundary.p, boundary.n) != 0)
		return false;
	line += boundary.n;
	if (p->end - line >= 2 && line[0] == '-' && line[1] == '-') {
		is_close = true;
		line += 2;
	}
	line = skip_padding(line, p->end);
	if (line < p->end && *line++ != '\n')
		return false;
	p->stop.level = level;
	p->stop.is_close = is_close;
	p->stop.after = line;
	return true;
}

/* The innermost wins: two levels with the same boundary are one inside the other. */
static bool stops_at(struct parser *p, const char *line)
{
	if (p->end - line < 2 || line[0] != '-' || line[1] != '-')
		return false;
	for (size_t level = p->open_count; level-- > 0;)
		if (is_delimiter_of(p, line, level))
			return true;
	return false;
}

static bool is_stopped(const struct parser *p)
{
	return p->stop.level != NO_LEVEL || p->at == p->end;
}

/* Goes on from `at` to the next delimiter line or to the end. */
static void scan(struct parser *p)
{
	const char *at = p->at;

	p->stop.level = NO_LEVEL;
	while (at < p->end && !stops_at(p, at)) {
		const char *lf = memchr(at, '\n', (size_t)(p->end - at));

		if (!lf) {
			at = p->end;
			break;
		}
		at = lf + 1;
		p->lines++;
	}
	p->at = at;
}

static void pass_delimiter(struct parser *p)
{
	p->lines += p->stop.after[-1] == '\n';
	p->at = p->stop.after;
	p->stop.level = NO_LEVEL;
}

static void remember(struct mime_head *head, const struct mime_field *field)
{
	enum mime_field_id id = mime_field_id(field->name);

	if ((unsigned)id >= head->known)
		return;
	if (head->value[id].p)
		head->repeated |= UINT32_C(1) << id;
	else
		head->value[id] = field->value;
}

static uint64_t count_lines(struct str s)
{
	uint64_t lines = 0;
	const char *end = s.p + s.n;

	for (const char *p = s.p; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

/* Up to and with the empty line; or up to a delimiter, which a header without a body may meet. */
static void parse_header(struct parser *p, struct mime_part *part, struct mime_head *head)
{
	struct mime_fields_iter iter = { p->at, p->end };
	struct mime_field field;

	p->stop.level = NO_LEVEL;
	while (!stops_at(p, iter.p) && mime_field_next(&iter, &field))
		remember(head, &field);
	if (p->stop.level == NO_LEVEL && iter.p < p->end)
		iter.p = (const char *)memchr(iter.p, '\n', (size_t)(p->end - iter.p)) + 1;
	part->header_size = (uint64_t)(iter.p - p->at);
	if (part->parent) /* nobody asks for the lines of the root's header */
		p->lines += count_lines((struct str){ p->at, (size_t)(iter.p - p->at) });
	p->at = iter.p;
	part->body_offset = (uint64_t)(p->at - p->base);
}

static enum mime_encoding encoding_of(struct str value)
{
	static const struct str names[] = { STR_INIT("7bit"), STR_INIT("8bit"),
		STR_INIT("binary"), STR_INIT("quoted-printable"), STR_INIT("base64") };
	struct str token, rest;

	if (!mime_token(value, &token, &rest))
		return MIME_7BIT;
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_equal_nocase(token, names[i]))
			return (enum mime_encoding)i;
	return MIME_ENCODING_OTHER;
}

static enum mime_kind kind_of(struct str type, struct str subtype)
{
	if (str_equal_nocase(type, STR("text")))
		return MIME_TEXT;
	if (str_equal_nocase(type, STR("multipart")))
		return MIME_MULTIPART;
	/* RFC 6532 3.7: message/global is message/rfc822 with UTF-8 in its header */
	if (str_equal_nocase(type, STR("message")) &&
	    (str_equal_nocase(subtype, STR("rfc822")) ||
		str_equal_nocase(subtype, STR("global"))))
		return MIME_MESSAGE;
	return MIME_LEAF;
}

static bool is_in_digest(const struct mime_part *part)
{
	return part->parent && part->parent->kind == MIME_MULTIPART && part->parent->head &&
	    str_equal_nocase(part->parent->head->subtype, STR("digest"));
}

static void classify(struct mime_part *part, struct mime_head *head)
{
	struct str value = head->value[MIME_CONTENT_TYPE];

	if (!value.p || !mime_content_type(value, &head->type, &head->subtype, &head->params)) {
		/* RFC 2046 5.1.5: in a digest the default is another one */
		bool is_message = !value.p && is_in_digest(part);

		head->type = is_message ? STR("message") : STR("text");
		head->subtype = is_message ? STR("rfc822") : STR("plain");
		head->params = STR_EMPTY;
	}
	part->encoding = encoding_of(head->value[MIME_CONTENT_ENCODING]);
	part->kind = kind_of(head->type, head->subtype);
}

static struct mime_part *part_new(
    struct parser *p, struct mime_part *parent, struct mime_head **head_out)
{
	struct mime_part *part = ARENA_NEW(p->arena, struct mime_part, 1);
	bool is_message = !parent || parent->kind == MIME_MESSAGE;
	unsigned known = is_message ? (unsigned)MIME_FIELD_COUNT : CONTENT_FIELDS;
	struct mime_head *head =
	    arena_alloc(p->arena, sizeof(*head) + known * sizeof(head->value[0]));

	head->known = known;
	part->header_offset = (uint64_t)(p->at - p->base);
	part->parent = parent;
	part->is_message = is_message;
	part->head = head;
	*head_out = head;
	p->part_count++;
	return part;
}

static void adopt(struct mime_part *parent, struct mime_part **tail, struct mime_part *child)
{
	if (*tail)
		(*tail)->next = child;
	else
		parent->child = child;
	*tail = child;
	parent->child_count++;
}

/* Bytes and lines between the body's beginning and the stop, whose delimiter owns the line end before it. */
static void close_body(struct parser *p, struct mime_part *part, uint64_t lines_before)
{
	const char *body = p->base + part->body_offset, *end = p->at;

	part->body_lines = p->lines - lines_before;
	if (p->stop.level != NO_LEVEL && end > body && end[-1] == '\n') {
		part->body_lines--;
		end--;
		if (end > body && end[-1] == '\r')
			end--;
	}
	part->body_size = (uint64_t)(end - body);
}

static struct mime_part *parse_part(struct parser *p, struct mime_part *parent, size_t depth);

/* RFC 2046 5.1.1: a boundary does not end in a blank, so blanks at the end are none of its. */
static bool find_boundary(
    struct parser *p, const struct mime_part *part, struct str *boundary_out)
{
	struct str boundary;

	if (!mime_param_find(part->head->params, STR("boundary"), p->arena, &boundary))
		return false;
	while (boundary.n > 0 && ascii_is_space(boundary.p[boundary.n - 1]))
		boundary.n--;
	*boundary_out = boundary;
	return boundary.n > 0 && boundary.n <= MIME_BOUNDARY_MAX;
}

/* The boundary goes on the stack and comes off at the close-delimiter, behind which it means nothing. */
static void parse_multipart(struct parser *p, struct mime_part *part, size_t depth)
{
	struct mime_part *tail = NULL;
	struct str boundary;
	size_t level = p->open_count;

	if (!find_boundary(p, part, &boundary)) {
		if (!is_stopped(p))
			scan(p);
		return;
	}
	p->open[p->open_count++] = boundary;
	if (!is_stopped(p))
		scan(p);
	while (p->stop.level == level && !p->stop.is_close) {
		pass_delimiter(p);
		if (p->part_count < MIME_PARTS_MAX)
			adopt(part, &tail, parse_part(p, part, depth + 1));
		else
			scan(p);
	}
	p->open_count = level;
	if (p->stop.level == level) {
		pass_delimiter(p);
		scan(p);
	}
}

/*
 * A part that has nothing behind its header, or not even that, ends in the line end that belongs to the delimiter
 * of a multipart further out. So what is last in `part` is cut to end where `part` ends.
 */
static void fit_children(const struct mime_part *part)
{
	uint64_t end = part->body_offset + part->body_size;
	struct mime_part *last;

	for (last = part->child; last; last = last->child) {
		while (last->next)
			last = last->next;
		if (last->body_offset <= end)
			return;
		last->header_offset = last->header_offset < end ? last->header_offset : end;
		last->header_size = end - last->header_offset;
		last->body_offset = end;
		last->body_size = 0;
		last->body_lines = 0;
	}
}

static void add_empty_child(struct parser *p, struct mime_part *part)
{
	struct mime_part *tail = NULL, *child;
	struct mime_head *head;

	child = part_new(p, part, &head);
	child->header_offset = child->body_offset = part->body_offset;
	head->type = STR("text");
	head->subtype = STR("plain");
	child->kind = MIME_TEXT;
	adopt(part, &tail, child);
}

static void parse_body(struct parser *p, struct mime_part *part, size_t depth)
{
	struct mime_part *tail = NULL;

	if (part->kind == MIME_MULTIPART)
		parse_multipart(p, part, depth);
	else if (part->kind == MIME_MESSAGE && p->stop.level == NO_LEVEL)
		adopt(part, &tail, parse_part(p, part, depth + 1));
	else if (!is_stopped(p))
		scan(p);
}

static struct mime_part *parse_part(struct parser *p, struct mime_part *parent, size_t depth)
{
	struct mime_part *part;
	struct mime_head *head;
	uint64_t lines_before;

	part = part_new(p, parent, &head);
	parse_header(p, part, head);
	classify(part, head);
	if ((part->kind == MIME_MULTIPART || part->kind == MIME_MESSAGE) &&
	    (depth >= MIME_DEPTH_MAX || p->part_count >= MIME_PARTS_MAX))
		part->kind = MIME_OPAQUE;
	lines_before = p->lines;
	parse_body(p, part, depth);
	close_body(p, part, lines_before);
	if ((part->kind == MIME_MULTIPART || part->kind == MIME_MESSAGE) && !part->child)
		add_empty_child(p, part);
	fit_children(part);
	return part;
}

void mime_parse(struct str bytes, struct arena *arena, struct mime_part **root_out)
{
	const char *base = bytes.n > 0 ? bytes.p : "";
	struct parser p = { .base = base,
		.end = base + bytes.n,
		.at = base,
		.arena = arena,
		.stop.level = NO_LEVEL };

	*root_out = parse_part(&p, NULL, 0);
}
