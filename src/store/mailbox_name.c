/* store/mailbox_name.c - what a folder may be called, and whose it is by its name. No database here. */
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/admin_int.h"

#define INBOX STR("INBOX")
#define USERS STR("#Users")
#define PUBLIC STR("#Public")

struct str mailbox_name_parent(struct str name)
{
	size_t slash = str_rfind_char(name, '/');

	return slash == name.n ? STR_EMPTY : str_first(name, slash);
}

bool mailbox_name_is_below(struct str name, struct str parent)
{
	return name.n > parent.n && name.p[parent.n] == '/' && str_starts(name, parent);
}

int mailbox_name_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];

		if (x == y)
			continue;
		if (x == '/' || y == '/')
			return x == '/' ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static struct str first_level(struct str name)
{
	return str_first(name, str_find_char(name, '/'));
}

struct mailbox_path mailbox_name_path(struct str canonical)
{
	struct mailbox_path path = { .space = SPACE_OWN, .stored = canonical };
	struct str level = first_level(canonical);
	struct str rest = str_from_at(canonical, level.n);

	if (rest.n > 0)
		rest = str_from_at(rest, 1);
	if (str_equal(level, PUBLIC)) {
		path.space = SPACE_PUBLIC;
		path.stored = rest;
	} else if (str_equal(level, USERS)) {
		path.space = SPACE_USERS;
		path.login = first_level(rest);
		path.stored = str_from_at(rest, path.login.n);
		if (path.stored.n > 0)
			path.stored = str_from_at(path.stored, 1);
	}
	return path;
}

/* Writes `as` over the first level of `name` (of the same length) where it differs in case alone. */
static bool respell(struct arena *arena, struct str *name, size_t at, struct str as)
{
	struct str level = first_level(str_from_at(*name, at));
	char *copy;

	if (!str_equal_nocase(level, as))
		return false;
	if (str_equal(level, as))
		return true;
	copy = arena_alloc_raw(arena, name->n);
	memcpy(copy, name->p, name->n);
	memcpy(copy + at, as.p, as.n);
	name->p = copy;
	return true;
}

enum errc mailbox_name_canonical(
    struct str name, struct arena *arena, struct str *name_out, struct err *err)
{
	struct mailbox_path path;
	struct str form;

	if (name.n > STORE_MAILBOX_NAME_MAX)
		return err_set(err, ERR_ARG, "the folder's name has %zu bytes, limit %d",
		    name.n, STORE_MAILBOX_NAME_MAX);
	if (utf8_nfc(arena, name, &form, NULL) != OK)
		return err_set(err, ERR_ARG, "the folder's name is not UTF-8");
	/* RFC 3501 5.1: INBOX in any case. The folders below follow it, as DBMail finds them. */
	if (!respell(arena, &form, 0, INBOX) && !respell(arena, &form, 0, USERS))
		(void)respell(arena, &form, 0, PUBLIC);
	path = mailbox_name_path(form);
	if (path.space != SPACE_OWN && path.stored.n > 0)
		(void)respell(arena, &form, (size_t)(path.stored.p - form.p), INBOX);
	*name_out = form;
	return OK;
}

/* RFC 3501 5.1.1 leaves '%' and '*' to the wildcards of LIST; controls would end up in logs and answers. */
static enum errc check_characters(struct str name, struct err *err)
{
	struct cursor c = cursor_of(name);
	uint32_t code;

	while (utf8_next(&c, &code)) {
		if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
		    code == 0x2029 || code == 0xfeff)
			return err_set(
			    err, ERR_ARG, "the folder's name holds a control character");
		if (code == '%' || code == '*')
			return err_set(err, ERR_ARG, "the folder's name holds '%c'", (int)code);
	}
	return OK;
}

static enum errc check_levels(struct str name, struct err *err)
{
	struct str rest = name, level;
	size_t depth = 0;

	while (str_split(&rest, '/', &level)) {
		if (level.n == 0)
			return err_set(
			    err, ERR_ARG, "the folder's name has a level without a name");
		depth++;
	}
	if (depth > STORE_MAILBOX_DEPTH_MAX)
		return err_set(err, ERR_ARG, "the folder's name has %zu levels, limit %d",
		    depth, STORE_MAILBOX_DEPTH_MAX);
	return OK;
}

enum errc mailbox_name_check(
    struct str name, struct arena *arena, struct str *name_out, struct err *err)
{
	struct mailbox_path path;
	struct str form;
	enum errc rc = mailbox_name_canonical(name, arena, &form, err);

	if (rc == OK)
		rc = check_levels(form, err);
	if (rc == OK)
		rc = check_characters(form, err);
	if (rc != OK)
		return rc;
	if (form.n > STORE_MAILBOX_NAME_MAX) /* form C may be longer */
		return err_set(err, ERR_ARG, "the folder's name has %zu bytes, limit %d",
		    form.n, STORE_MAILBOX_NAME_MAX);
	path = mailbox_name_path(form);
	if (path.stored.n == 0 || path.stored.p[0] == '#')
		return err_set(err, ERR_ARG, "names that begin with '#' are reserved");
	*name_out = form;
	return OK;
}

struct str mailbox_name_seen(
    struct arena *arena, int64_t viewer, int64_t owner, struct str login, struct str stored)
{
	if (viewer == owner)
		return stored;
	if (owner == ACCOUNT_ID_PUBLIC)
		return str_printf(arena, "#Public/%.*s", STR_ARG(stored));
	return str_printf(arena, "#Users/%.*s/%.*s", STR_ARG(login), STR_ARG(stored));
}
