#include "deliver/route.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/account.h"
#include "store/alias.h"
#include "store/mailbox.h"

#include <stdarg.h>
#include <string.h>

#define DEPTH_MAX 20
#define TARGETS_MAX 1000

struct resolver {
	struct db *db;
	const struct route_settings *settings;
	struct arena *arena;
	const struct route_explain *explain;
	struct err *err;
	struct str detail; /* what stood behind the delimiter; empty: nothing */
	struct route_target *targets;
	size_t count, room, outside;
	bool saw_inactive, saw_loop;
	size_t lookups; /* bounds the work of a wide tree of aliases */
};

static void say(const struct resolver *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(const struct resolver *r, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int n;

	if (!r->explain)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		r->explain->step(r->explain->arg,
		    (struct str){
			text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1 });
}

static bool is_number(struct str s)
{
	uint64_t value;

	return s.n <= 18 && str_to_u64(s, INT64_MAX, &value) == OK;
}

static bool same_target(const struct route_target *a, const struct route_target *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == ROUTE_LOCAL)
		return a->owner == b->owner && str_equal(a->mailbox, b->mailbox);
	return str_equal(a->address, b->address);
}

static enum errc add_target(struct resolver *r, struct route_target target)
{
	for (size_t i = 0; i < r->count; i++)
		if (same_target(&r->targets[i], &target))
			return OK;
	if (r->count == TARGETS_MAX)
		return err_set(r->err, ERR_LIMIT, "more than %d targets", TARGETS_MAX);
	if (r->count == r->room) {
		size_t room = r->room > 0 ? r->room * 2 : 4;
		struct route_target *more = ARENA_NEW(r->arena, struct route_target, room);

		if (r->count > 0)
			memcpy(more, r->targets, r->count * sizeof(*more));
		r->targets = more;
		r->room = room;
	}
	r->targets[r->count++] = target;
	r->outside += target.kind != ROUTE_LOCAL;
	return OK;
}

/* The folder that "+detail" names, if it is there (or may be made); else INBOX. */
static enum errc choose_folder(
    struct resolver *r, const struct account *account, struct route_target *target)
{
	struct actor owner = { .user = account->id };
	struct mailbox mailbox;
	struct str name;
	enum errc rc;

	target->mailbox = STR("INBOX");
	if (r->detail.n == 0)
		return OK;
	rc = mailbox_name_check(r->detail, r->arena, &name, NULL);
	if (rc != OK || name.p[0] == '#')
		return OK;
	rc = mailbox_find(r->db, owner, name, r->arena, &mailbox, r->err);
	if (errc_is_temporary(rc))
		return rc;
	if (rc == OK ? !mailbox.no_select : r->settings->create_folder) {
		target->mailbox = name;
		target->create = rc != OK;
		say(r, "folder \"%.*s\" by the subaddress", STR_ARG(name));
	} else {
		say(r, "no folder \"%.*s\": INBOX", STR_ARG(name));
	}
	return OK;
}

static enum errc add_account(struct resolver *r, const struct account *account)
{
	struct route_target target = {
		.kind = ROUTE_LOCAL,
		.owner = account->id,
		.account = account->name,
		.quota_bytes = account->quota_bytes,
		.used_bytes = account->used_bytes,
	};
	enum errc rc;

	if (!account->active) {
		say(r, "account \"%.*s\" (%lld) is not active", STR_ARG(account->name),
		    (long long)account->id);
		r->saw_inactive = true;
		return OK;
	}
	say(r, "account \"%.*s\" (%lld)", STR_ARG(account->name), (long long)account->id);
	rc = choose_folder(r, account, &target);
	return rc == OK ? add_target(r, target) : rc;
}

/* Mail may go to people and to __public__; never to the internal delivery user or to anyone. */
static bool takes_mail(const struct account *account)
{
	return account->id == ACCOUNT_ID_PUBLIC || !account_is_internal(account);
}

static enum errc add_by_name(struct resolver *r, struct str name, bool *found_out)
{
	struct account account;
	enum errc rc = account_by_name(r->db, name, r->arena, &account, r->err);

	*found_out = rc == OK && takes_mail(&account) && !account_is_internal(&account);
	if (rc == ERR_NOTFOUND || (rc == OK && !*found_out))
		return OK;
	return rc == OK ? add_account(r, &account) : rc;
}

static enum errc add_by_id(struct resolver *r, struct str digits)
{
	struct account account;
	uint64_t id = 0;
	enum errc rc = str_to_u64(digits, INT64_MAX, &id);

	if (rc == OK)
		rc = account_by_id(r->db, (int64_t)id, r->arena, &account, r->err);
	if (rc == ERR_NOTFOUND || rc == ERR_LIMIT || (rc == OK && !takes_mail(&account))) {
		say(r, "there is no account %.*s", STR_ARG(digits));
		return OK;
	}
	return rc == OK ? add_account(r, &account) : rc;
}

static struct str domain_of(struct str address)
{
	return str_from_at(address, str_rfind_char(address, '@') + 1);
}

/* Local part without what follows the first delimiter, with its domain; false if there is none. */
static bool strip_detail(
    const struct resolver *r, struct str address, struct str *bare_out, struct str *detail_out)
{
	size_t at = str_rfind_char(address, '@');
	struct str local = str_first(address, at);
	size_t plus;

	if (r->settings->delimiter == 0)
		return false;
	plus = str_find_char(local, r->settings->delimiter);
	if (plus == 0 || plus >= local.n)
		return false;
	*detail_out = str_from_at(local, plus + 1);
	*bare_out = str_printf(r->arena, "%.*s%.*s", STR_ARG(str_first(local, plus)),
	    STR_ARG(str_from_at(address, at)));
	return true;
}

static enum errc resolve_aliases(
    struct resolver *r, struct str address, unsigned depth, bool *found_out);

/* One deliver_to that is no number: another alias, an account's login, a command or an address elsewhere. */
static enum errc add_named_target(
    struct resolver *r, struct str from, struct str target, unsigned depth)
{
	bool found = false, local = false;
	enum errc rc;

	if (target.n > 0 && (target.p[0] == '|' || target.p[0] == '!')) {
		say(r, "command %.*s", STR_ARG(target));
		return add_target(
		    r, (struct route_target){ .kind = ROUTE_PIPE, .address = target });
	}
	/* an address among its own targets means: keep a copy here (the account of that name) */
	if (!str_equal_nocase(from, target)) {
		rc = resolve_aliases(r, target, depth + 1, &found);
		if (rc != OK || found)
			return rc;
	}
	rc = add_by_name(r, target, &found);
	if (rc != OK || found)
		return rc;
	if (str_find_char(target, '@') == target.n) {
		say(r, "\"%.*s\" is no account and no address", STR_ARG(target));
		return OK;
	}
	rc = domain_is_local(r->db, domain_of(target), &local, r->err);
	if (rc != OK)
		return rc;
	if (local || str_equal_nocase(from, target)) {
		say(r, "\"%.*s\" is in a domain of ours, and nobody has it", STR_ARG(target));
		return OK;
	}
	say(r, "elsewhere: <%.*s>", STR_ARG(target));
	return add_target(r, (struct route_target){ .kind = ROUTE_REMOTE, .address = target });
}

static enum errc resolve_aliases(
    struct resolver *r, struct str address, unsigned depth, bool *found_out)
{
	struct alias *rows;
	size_t count;
	enum errc rc;

	*found_out = false;
	if (depth > DEPTH_MAX || ++r->lookups > TARGETS_MAX) {
		say(r, "too many aliases behind each other at \"%.*s\"", STR_ARG(address));
		r->saw_loop = true;
		*found_out = true;
		return OK;
	}
	rc = alias_lookup(r->db, address, r->arena, &rows, &count, r->err);
	if (rc != OK || count == 0)
		return rc;
	*found_out = true;
	for (size_t i = 0; i < count; i++) {
		say(r, "alias \"%.*s\" -> \"%.*s\"", STR_ARG(rows[i].address),
		    STR_ARG(rows[i].target));
		if (is_number(rows[i].target))
			rc = add_by_id(r, rows[i].target);
		else
			rc = add_named_target(r, rows[i].address, rows[i].target, depth);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* "@a.b.c", then "@.b.c", "@.c": catch-alls of the domain and of those above it. */
static enum errc resolve_domain_catch_all(
    struct resolver *r, struct str address, bool *found_out)
{
	struct str domain = domain_of(address);
	struct str key = str_printf(r->arena, "@%.*s", STR_ARG(domain));
	enum errc rc = resolve_aliases(r, key, 0, found_out);

	for (unsigned level = 0; rc == OK && !*found_out && level < DEPTH_MAX; level++) {
		size_t dot = str_find_char(domain, '.');

		if (dot == domain.n)
			break;
		key = str_printf(r->arena, "@%.*s", STR_ARG(str_from_at(domain, dot)));
		domain = str_from_at(domain, dot + 1);
		rc = resolve_aliases(r, key, 0, found_out);
	}
	return rc;
}

static enum errc resolve_catch_all(struct resolver *r, struct str address, bool *found_out)
{
	size_t at = str_rfind_char(address, '@');
	enum errc rc;

	*found_out = false;
	if (at == address.n)
		return OK;
	rc = resolve_domain_catch_all(r, address, found_out);
	if (rc != OK || *found_out)
		return rc;
	return resolve_aliases(r, str_first(address, at + 1), 0, found_out);
}

/* The order of the head comment. */
static enum errc resolve_in_order(struct resolver *r, struct str address)
{
	struct str bare = STR_EMPTY, detail = STR_EMPTY;
	bool has_detail = strip_detail(r, address, &bare, &detail);
	bool found = false;
	enum errc rc = resolve_aliases(r, address, 0, &found);

	if (rc == OK && !found && has_detail) {
		r->detail = detail;
		rc = resolve_aliases(r, bare, 0, &found);
		r->detail = found ? detail : STR_EMPTY;
	}
	if (rc == OK && !found)
		rc = add_by_name(r, address, &found);
	if (rc == OK && !found && has_detail) {
		r->detail = detail;
		rc = add_by_name(r, bare, &found);
	}
	if (rc == OK && !found) {
		r->detail = STR_EMPTY;
		rc = resolve_catch_all(r, address, &found);
	}
	return rc;
}

static enum errc check_domain(struct resolver *r, struct str address)
{
	struct domain domain;
	enum errc rc;

	if (str_find_char(address, '@') == address.n)
		return OK;
	rc = domain_get(r->db, domain_of(address), r->arena, &domain, r->err);
	if (rc == ERR_NOTFOUND)
		return OK;
	if (rc == OK && !domain.active) {
		say(r, "domain \"%.*s\" is not active", STR_ARG(domain.name));
		return err_set(r->err, ERR_DENIED, "domain is not active");
	}
	return rc;
}

enum errc route_resolve(struct db *db, const struct route_request *request, struct arena *arena,
    struct route *route_out, struct err *err)
{
	const struct route_settings *settings = request->settings;
	struct str address = request->address;
	struct resolver r = { .db = db,
		.settings = settings,
		.arena = arena,
		.explain = request->explain,
		.err = err };
	enum errc rc;

	say(&r, "address <%.*s>", STR_ARG(address));
	if (str_find_char(address, '@') == address.n && settings->default_domain.n > 0) {
		/* a bare name is first what it says, then one in the default domain */
		rc = resolve_in_order(&r, address);
		if (rc != OK || r.count > 0)
			goto out;
		address = str_printf(
		    arena, "%.*s@%.*s", STR_ARG(address), STR_ARG(settings->default_domain));
		say(&r, "completed to <%.*s>", STR_ARG(address));
	}
	rc = check_domain(&r, address);
	if (rc == OK)
		rc = resolve_in_order(&r, address);
out:
	if (rc != OK)
		return rc;
	if (r.count == 0 && r.saw_loop)
		return err_set(err, ERR_LIMIT, "aliases lead in a circle");
	if (r.count == 0 && r.saw_inactive)
		return err_set(err, ERR_DENIED, "mailbox is switched off");
	if (r.count == 0) {
		say(&r, "nobody has this address");
		return err_set(err, ERR_NOTFOUND, "no such user here");
	}
	*route_out =
	    (struct route){ .targets = r.targets, .count = r.count, .outside = r.outside };
	return OK;
}
