#include "store/acl.h"

#include "base/str.h"
#include "store/admin_int.h"
#include "store/resolve.h"

#define ANYONE STR("anyone")

struct list {
	struct arena *arena;
	int64_t owner;
	struct acl_entry *items;
	size_t count, room;
};

static struct acl_entry *list_add(struct list *list)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 8 : 2 * list->room;
		struct acl_entry *larger = ARENA_NEW(list->arena, struct acl_entry, room);

		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
		list->room = room;
	}
	return &list->items[list->count++];
}

static enum errc add_row(
    void *arg, int64_t user, struct str login, unsigned rights, struct err *err)
{
	struct list *list = arg;

	if (list->count == STORE_ACL_ENTRIES_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d rights on the folder", STORE_ACL_ENTRIES_MAX);
	/* a row for the owner says nothing that counts */
	if (user == list->owner || rights == 0)
		return OK;
	*list_add(list) =
	    (struct acl_entry){ .name = user == ACCOUNT_ID_ANYONE ? ANYONE
								  : str_dup(list->arena, login),
		    .rights = rights };
	return OK;
}

enum errc acl_list(struct db *db, const struct mailbox *mailbox, struct arena *arena,
    struct acl_entry **list_out, size_t *count_out, struct err *err)
{
	struct list list = { .arena = arena, .owner = mailbox->owner };
	struct account owner;
	enum errc rc = account_by_id(db, mailbox->owner, arena, &owner, err);

	if (rc != OK)
		return rc;
	/* public folders belong to nobody who could be named */
	if (!account_is_internal(&owner))
		*list_add(&list) = (struct acl_entry){
			.name = owner.name,
			.rights = mailbox->read_only ? RIGHT_LOOKUP | RIGHT_READ : RIGHT_ALL,
		};
	rc = acl_rows_each(db, mailbox->id, add_row, &list, err);
	if (rc != OK)
		return rc;
	*list_out = list.items;
	*count_out = list.count;
	return OK;
}

struct work {
	struct actor actor;
	struct str mailbox; /* checked */
	const struct acl_change *change;
};

static enum errc find_user(struct db *db, struct arena *arena, struct str name, int64_t owner,
    int64_t *user_out, struct err *err)
{
	struct account account = { .id = ACCOUNT_ID_ANYONE };
	enum errc rc = OK;

	if (!str_equal_nocase(name, ANYONE))
		rc = account_by_name(db, name, arena, &account, err);
	if (rc == ERR_NOTFOUND ||
	    (rc == OK && account.id != ACCOUNT_ID_ANYONE && account_is_internal(&account)))
		return err_set(err, ERR_ARG, "there is nobody of that name");
	if (rc == OK && account.id == owner)
		return err_set(err, ERR_ARG, "the owner's rights are his");
	*user_out = account.id;
	return rc;
}

/* The row, if the actor may administer it. */
static enum errc administered_row(struct db *db, struct arena *arena, const struct work *work,
    const struct mailbox_place *place, struct mailbox_row *row_out, struct err *err)
{
	enum errc rc = mailbox_place_row(db, work->actor, place, arena, row_out, err);
	unsigned rights;

	if (rc != OK)
		return rc;
	rights = mailbox_row_rights(work->actor, row_out);
	if ((rights & RIGHT_LOOKUP) == 0)
		return err_set(err, ERR_NOTFOUND, "no such folder");
	if ((rights & RIGHT_ADMINISTER) == 0)
		return err_set(err, ERR_DENIED, "no right to administer the folder");
	return OK;
}

static enum errc change_row(struct db *db, const struct mailbox_row *row, int64_t user,
    const struct acl_change *change, struct err *err)
{
	unsigned rights = 0;
	enum errc rc = acl_row_get(db, row->id, user, &rights, err);

	if (rc != OK)
		return rc;
	switch (change->operation) {
	case ACL_SET:
		rights = change->rights;
		break;
	case ACL_ADD:
		rights |= change->rights;
		break;
	case ACL_REMOVE:
		rights &= ~change->rights;
		break;
	}
	return rights == 0 ? acl_row_delete(db, row->id, user, err)
			   : acl_row_set(db, row->id, user, rights, err);
}

static enum errc change_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct work *work = arg;
	struct mailbox_place place;
	struct mailbox_row row;
	int64_t modseq, user;
	enum errc rc = mailbox_resolve(db, work->actor, work->mailbox, arena, &place, err);

	if (rc == OK)
		rc = account_lock(db, place.owner, &modseq, err);
	if (rc == OK)
		rc = administered_row(db, arena, work, &place, &row, err);
	if (rc == OK)
		rc = find_user(db, arena, work->change->name, place.owner, &user, err);
	if (rc == OK)
		rc = change_row(db, &row, user, work->change, err);
	if (rc == OK)
		db_notify(db,
		    (struct change){
			.owner = place.owner, .modseq = modseq, .kind = CHANGE_FOLDERS });
	return rc;
}

enum errc acl_change(struct store *store, struct actor actor, struct str mailbox,
    const struct acl_change *change, struct err *err)
{
	struct arena *arena = arena_new("acl");
	struct work work = { .actor = actor, .change = change };
	enum errc rc = mailbox_name_canonical(mailbox, arena, &work.mailbox, err);

	if (rc == OK)
		rc = store_transact(store, change_body, &work, 0, err);
	arena_free(&arena);
	return rc;
}
