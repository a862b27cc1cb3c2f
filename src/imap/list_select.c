#include "imap/list_select.h"

#include "base/str.h"
#include "store/mailbox.h"

bool list_exists(const struct mailbox *mailbox)
{
	return !mailbox->gone && (mailbox->id != 0 || !mailbox->no_select);
}

static bool is_selected(const struct mailbox *mailbox, unsigned select, bool level)
{
	if ((select & LIST_SUBSCRIBED) != 0 && !mailbox->subscribed)
		return false;
	if ((select & LIST_SPECIAL_USE) != 0 && mailbox->special_use == 0)
		return false;
	if ((select & LIST_SUBSCRIBED) != 0)
		return true;
	return list_exists(mailbox) || (level && !mailbox->gone);
}

static bool is_below(struct str name, struct str parent)
{
	return name.n > parent.n && name.p[parent.n] == '/' && str_starts(name, parent);
}

/* All names below `mark` have been seen. */
static void leave(struct list_mark *mark, bool recursive, struct list_mark *marks)
{
	struct list_mark *up = mark->up == SIZE_MAX ? NULL : &marks[mark->up];

	mark->told = mark->matches && (mark->selected || (recursive && mark->hidden));
	mark->childinfo = mark->told && recursive && mark->below;
	if (up == NULL)
		return;
	up->below = up->below || mark->below || mark->selected;
	up->hidden = up->hidden || mark->hidden || (mark->selected && !mark->matches);
}

void list_select(const struct mailbox *list, size_t count, const struct list_options *options,
    struct list_mark *marks)
{
	bool recursive = (options->select & LIST_RECURSIVEMATCH) != 0;
	size_t at = SIZE_MAX; /* the deepest name that was entered and not left */

	for (size_t i = 0; i < count; i++) {
		while (at != SIZE_MAX && !is_below(list[i].name, list[at].name)) {
			leave(&marks[at], recursive, marks);
			at = marks[at].up;
		}
		marks[i] = (struct list_mark){ .matches = marks[i].matches,
			.level = marks[i].level,
			.selected = is_selected(&list[i], options->select, marks[i].level),
			.up = at };
		at = i;
	}
	for (; at != SIZE_MAX; at = marks[at].up)
		leave(&marks[at], recursive, marks);
}
