/*
 * A tree of names, one a line, the first byte of each its marks (two of them kept in members that do not matter): what LIST tells is what looking at every pair of names says
 * (RFC 5258 3.5).
 */
#include "base/arena.h"
#include "base/str.h"
#include "imap/list_select.h"
#include "store/mailbox.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAMES_MAX 64

enum mark {
	MARK_SUBSCRIBED = 1,
	MARK_USE = 2,
	MARK_MATCHES = 4,
	MARK_GONE = 8,
	MARK_LEVEL = 16,
	MARK_NONE = 32
};

struct tree {
	struct mailbox list[NAMES_MAX];
	struct list_mark marks[NAMES_MAX];
	size_t count;
};

/* '/' before every other byte, so that what is below a name follows it. */
static int compare(const void *left, const void *right)
{
	const struct mailbox *a = left, *b = right;

	for (size_t i = 0; i < a->name.n && i < b->name.n; i++) {
		unsigned char x = (unsigned char)a->name.p[i], y = (unsigned char)b->name.p[i];

		if (x == y)
			continue;
		if (x == '/' || y == '/')
			return x == '/' ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return a->name.n == b->name.n ? 0 : a->name.n < b->name.n ? -1 : 1;
}

static bool is_below(struct str name, struct str parent)
{
	return name.n > parent.n && str_starts(name, parent) && name.p[parent.n] == '/';
}

static void read_tree(struct tree *tree, struct str rest)
{
	struct mailbox all[NAMES_MAX];
	struct str line;
	size_t count = 0;

	while (count < NAMES_MAX && str_split(&rest, '\n', &line)) {
		unsigned marks = line.n > 0 ? (unsigned char)line.p[0] : 0;

		if (line.n < 2)
			continue;
		all[count++] = (struct mailbox){ .name = str_from_at(line, 1),
			.id = (marks & MARK_NONE) != 0 ? 0 : marks,
			.no_select = (marks & MARK_NONE) != 0,
			.read_only = (marks & MARK_MATCHES) != 0,
			.no_inferiors = (marks & MARK_LEVEL) != 0,
			.subscribed = (marks & MARK_SUBSCRIBED) != 0,
			.special_use = (marks & MARK_USE) != 0,
			.gone = (marks & MARK_GONE) != 0 };
	}
	qsort(all, count, sizeof(all[0]), compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && str_equal(all[i].name, all[i - 1].name))
			continue;
		tree->marks[tree->count].matches = all[i].read_only;
		tree->marks[tree->count].level = all[i].no_inferiors;
		tree->list[tree->count++] = all[i];
	}
}

static bool chosen(const struct mailbox *m, unsigned select)
{
	bool subscribed = (select & LIST_SUBSCRIBED) != 0;
	bool there =
	    m->id != 0 || !m->no_select || m->no_inferiors; /* that is: it is a level */

	return (!subscribed || m->subscribed) && (subscribed || (there && !m->gone)) &&
	    ((select & LIST_SPECIAL_USE) == 0 || m->special_use != 0);
}

static void check(const struct tree *tree, size_t at, unsigned select)
{
	bool recursive = (select & LIST_RECURSIVEMATCH) != 0, below = false, hidden = false;
	const struct list_mark *mark = &tree->marks[at];
	bool told;

	for (size_t i = 0; i < tree->count; i++) {
		if (!is_below(tree->list[i].name, tree->list[at].name) ||
		    !chosen(&tree->list[i], select))
			continue;
		below = true;
		hidden = hidden || !tree->marks[i].matches;
	}
	told = mark->matches && (chosen(&tree->list[at], select) || (recursive && hidden));
	if (mark->selected != chosen(&tree->list[at], select) || mark->told != told ||
	    mark->childinfo != (told && recursive && below))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree tree = { .count = 0 };
	struct list_options options = { .extended = true };

	if (size == 0)
		return 0;
	options.select = data[0];
	read_tree(&tree, (struct str){ (const char *)data + 1, size - 1 });
	list_select(tree.list, tree.count, &options, tree.marks);
	for (size_t i = 0; i < tree.count; i++)
		check(&tree, i, options.select);
	return 0;
}
