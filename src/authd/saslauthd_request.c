#include "authd/saslauthd_request.h"

#include "auth/limits.h"
#include "authd/limits.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

/* A text behind its length. ERR_MORE, ERR_LIMIT as soon as the length is there. */
static enum errc take_text(struct cursor *c, size_t max, struct str *text_out)
{
	struct cursor at = *c;
	struct str size;
	size_t n;

	if (!cursor_take_n(&at, 2, &size))
		return ERR_MORE;
	n = (size_t)(unsigned char)size.p[0] << 8 | (unsigned char)size.p[1];
	if (n > max)
		return ERR_LIMIT;
	if (!cursor_take_n(&at, n, text_out))
		return ERR_MORE;
	*c = at;
	return OK;
}

static void add_text(struct buf *out, struct str text)
{
	buf_add_char(out, (char)(unsigned char)(text.n >> 8 & 0xff));
	buf_add_char(out, (char)(unsigned char)(text.n & 0xff));
	buf_add_str(out, text);
}

/* The request's texts in their order. */
struct part {
	const char *name;
	struct str *text;
	size_t max;
};
#define PARTS 4

static void parts_of(struct saslauthd_request *request, struct part parts_out[PARTS])
{
	parts_out[0] = (struct part){ "login", &request->login, AUTH_NAME_MAX };
	parts_out[1] = (struct part){ "password", &request->password, AUTH_PASSWORD_MAX };
	parts_out[2] = (struct part){ "service", &request->service, SASLAUTHD_SERVICE_MAX };
	parts_out[3] = (struct part){ "realm", &request->realm, SASLAUTHD_REALM_MAX };
}

static enum errc too_long(const struct part *part, struct err *err)
{
	return err_set(err, ERR_LIMIT, "a %s over %zu bytes", part->name, part->max);
}

enum errc saslauthd_request_parse(
    struct str in, struct saslauthd_request *request_out, struct err *err)
{
	struct saslauthd_request request = { .login = STR_EMPTY };
	struct cursor c = cursor_of(in);
	struct part parts[PARTS];

	parts_of(&request, parts);
	for (size_t i = 0; i < PARTS; i++) {
		enum errc rc = take_text(&c, parts[i].max, parts[i].text);

		if (rc == ERR_LIMIT)
			return too_long(&parts[i], err);
		if (rc != OK)
			return rc;
	}
	*request_out = request;
	return OK;
}

enum errc saslauthd_request_print(
    struct buf *out, const struct saslauthd_request *request, struct err *err)
{
	struct saslauthd_request texts = *request;
	struct part parts[PARTS];

	parts_of(&texts, parts);
	for (size_t i = 0; i < PARTS; i++)
		if (parts[i].text->n > parts[i].max)
			return too_long(&parts[i], err);
	for (size_t i = 0; i < PARTS; i++)
		add_text(out, *parts[i].text);
	return OK;
}

void saslauthd_answer_print(struct buf *out, struct str text)
{
	add_text(out, text);
}

enum errc saslauthd_answer_parse(struct str in, struct str *text_out)
{
	struct cursor c = cursor_of(in);

	return take_text(&c, UINT16_MAX, text_out);
}
