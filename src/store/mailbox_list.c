/*
 * store/mailbox_list.c - all folders that somebody sees, in two statements (three for subscriptions).
 *
 * The rows are sorted so that what is below a folder follows it; parents that have no row, and who has children,
 * come out of one pass over the sorted list.
 */
#include <stdlib.h>

#include "base/str.h"
#include "base/utf8.h"
#include "store/admin_int.h"
#include "store/special_use.h"

struct list {
	struct arena *arena;
	struct actor actor;
	struct mailbox *items;
	size_t count, room;
	/* rows of the shared folder being read: the user's own and everybody's make one */
	int64_t shared_id;
	unsigned shared_acl;
};

static struct mailbox *list_add(struct list *list)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 32 : 2 * list->room;
		struct mailbox *larger = ARENA_NEW(list->arena, struct mailbox, room);

		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
		list->room = room;
	}
	return &list->items[list->count++];
}

/* A row made by hand may hold what no protocol can say. */
static bool is_sayable(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] < 0x20)
			return false;
	}
	return name.n > 0 && utf8_is_valid(name);
}

static enum errc add_own(
    void *arg, const struct mailbox_row *row, struct str login, struct err *err)
{
	struct list *list = arg;
	struct mailbox_row copy = *row;

	(void)login;
	(void)err;
	if (!is_sayable(row->name))
		return OK;
	copy.name = str_dup(list->arena, row->name);
	*list_add(list) = mailbox_from_row(list->arena, list->actor, &copy, STR_EMPTY);
	return OK;
}

static enum errc add_shared(
    void *arg, const struct mailbox_row *row, struct str login, struct err *err)
{
	struct list *list = arg;
	struct mailbox_row copy = *row;
	bool again = list->shared_id == row->id;
	struct mailbox mailbox;

	(void)err;
	if (!is_sayable(row->name) || !is_sayable(login))
		return OK;
	/* RFC 4314 section 3: "anyone" adds to what the identifier itself has */
	copy.acl |= again ? list->shared_acl : 0;
	list->shared_id = row->id;
	list->shared_acl = copy.acl;
	mailbox = mailbox_from_row(list->arena, list->actor, &copy, login);
	if ((mailbox.rights & RIGHT_LOOKUP) == 0)
		return OK;
	if (again && list->count > 0 && list->items[list->count - 1].id == row->id) {
		list->items[list->count - 1].rights = mailbox.rights;
		return OK;
	}
	/* the name was made by mailbox_name_seen, in the arena */
	*list_add(list) = mailbox;
	return OK;
}

/* Own folders first; those of the namespaces are known by their owner. */
static int compare(const void *left, const void *right)
{
	const struct mailbox *a = left, *b = right;
	bool a_foreign = a->name.p[0] == '#', b_foreign = b->name.p[0] == '#';

	if (a_foreign != b_foreign)
		return a_foreign ? 1 : -1;
	return mailbox_name_compare(a->name, b->name);
}

static void list_sort(struct list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare);
}

/* INBOX is always there (RFC 3501 5.1), if need be without a row yet. */
static void add_missing_inbox(struct list *list)
{
	if (list->actor.user == 0)
		return;
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].owner == list->actor.user &&
		    str_equal(list->items[i].name, STR("INBOX")))
			return;
	}
	*list_add(list) = (struct mailbox){
		.owner = list->actor.user, .name = STR("INBOX"), .rights = RIGHT_ALL
	};
}

/* Levels above a name that are neither `last` nor above it have no row: they are added. */
static void add_parents(struct list *out, struct str last, const struct mailbox *below)
{
	struct str name = below->name;

	for (size_t at = 1; at < name.n; at++) {
		struct str parent = str_first(name, at);

		if (name.p[at] != '/' || str_equal(parent, last) ||
		    mailbox_name_is_below(last, parent))
			continue;
		*list_add(out) =
		    (struct mailbox){ .name = parent, .no_select = true, .gone = below->gone };
	}
}

/* The sorted list with the parents that have no row, each name once. */
static void list_complete(struct list *list)
{
	struct list out = { .arena = list->arena, .actor = list->actor };
	struct str last = STR_EMPTY;

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0 &&
		    str_equal(list->items[i].name, last)) /* INBOX and inbox, by hand */
			continue;
		add_parents(&out, last, &list->items[i]);
		*list_add(&out) = list->items[i];
		last = list->items[i].name;
	}
	*list = out;
}

static void set_children(struct list *list)
{
	for (size_t i = 0; i + 1 < list->count; i++)
		list->items[i].has_children =
		    mailbox_name_is_below(list->items[i + 1].name, list->items[i].name);
}

/* Who has no setting is what his name says, unless another folder is set to be that. */
static void set_special_uses(struct list *list)
{
	unsigned set = 0;

	for (size_t i = 0; i < list->count; i++)
		set |= list->items[i].special_use;
	for (size_t i = 0; i < list->count; i++) {
		struct mailbox *mailbox = &list->items[i];

		if (mailbox->owner == list->actor.user && !mailbox->no_select &&
		    !mailbox->special_use_set)
			mailbox->special_use = special_use_of_name(mailbox->name) & ~set;
	}
}

struct subscriptions {
	struct list *all;
	size_t sorted; /* names up to here are in order */
};

static enum errc add_name(void *arg, struct str name)
{
	const struct subscriptions *subscriptions = arg;
	struct list *all = subscriptions->all;
	struct mailbox key = {
		.name = name, .no_select = true, .subscribed = true, .gone = true
	};
	struct mailbox *found = NULL;

	if (!is_sayable(name))
		return OK;
	if (subscriptions->sorted > 0)
		found = bsearch(&key, all->items, subscriptions->sorted, sizeof(key), compare);
	if (found) {
		found->subscribed = true;
	} else {
		key.name = str_dup(all->arena, name);
		*list_add(all) = key;
	}
	return OK;
}

/* The subscriptions whose folder is gone, with the names above them that are not there either. */
static enum errc add_gone(struct db *db, struct list *list, struct err *err)
{
	struct subscriptions subscriptions = { .all = list, .sorted = list->count };
	enum errc rc = subscription_names(db, list->actor.user, add_name, &subscriptions, err);

	list_sort(list);
	list_complete(list);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): a list is two outputs everywhere in the store's headers */
enum errc mailbox_list(struct db *db, struct actor actor, bool with_gone, struct arena *arena,
    struct mailbox **list_out, size_t *count_out, struct err *err)
{
	struct list list = { .arena = arena, .actor = actor };
	enum errc rc = mailbox_rows_own(db, actor.user, add_own, &list, err);

	if (rc == OK)
		rc = mailbox_rows_shared(db, actor.user, add_shared, &list, err);
	if (rc != OK)
		return rc;
	add_missing_inbox(&list);
	list_sort(&list);
	list_complete(&list);
	set_children(&list);
	set_special_uses(&list);
	if (with_gone)
		rc = add_gone(db, &list, err);
	if (rc != OK)
		return rc;
	*list_out = list.items;
	*count_out = list.count;
	return OK;
}
