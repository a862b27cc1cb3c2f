/*
 * imap/cmd_list.c - LIST and LSUB (RFC 3501 6.3.8, 6.3.9; children: RFC 3348), in steps.
 */
#include "imap/imap_int.h"
#include "imap/list_pattern.h"
#include "imap/reply.h"
#include "store/mailbox.h"

struct list_work {
	struct list_pattern *pattern;
	struct mailbox *list;
	size_t count, next;
	struct str last_parent; /* LSUB: the parent that was looked at last */
};

static void add_attribute(struct buf *out, const char *name)
{
	if (out->p[out->n - 1] != '(')
		buf_add_char(out, ' ');
	buf_printf(out, "\\%s", name);
}

/* `mailbox` NULL: a name that only has others below it. */
static void tell(struct imap_session *s, struct str name, const struct mailbox *mailbox)
{
	static const struct mailbox parent = { .no_select = true };
	struct buf *out = &s->base.out;
	bool lsub = s->command.verb == VERB_LSUB;

	if (mailbox == NULL)
		mailbox = &parent;
	buf_printf(out, "* %s (", lsub ? "LSUB" : "LIST");
	if (mailbox->no_select || mailbox->id == 0)
		add_attribute(out, "Noselect");
	if (mailbox->no_inferiors)
		add_attribute(out, "Noinferiors");
	/* RFC 3348 3: \Noinferiors says it all; LSUB shows subscriptions, not mailboxes */
	if (!lsub && !mailbox->no_inferiors)
		add_attribute(out, mailbox->has_children ? "HasChildren" : "HasNoChildren");
	BUF_ADD(out, ") \"/\" ");
	imap_add_mailbox(out, name);
	BUF_ADD(out, "\r\n");
}

static bool is_at_or_below(struct str name, struct str parent)
{
	return str_starts(name, parent) && (name.n == parent.n || name.p[parent.n] == '/');
}

/* The list is in the order of the tree: what is below `parent` follows it. */
static bool is_listed(const struct list_work *work, struct str parent)
{
	for (size_t i = work->next; i > 0; i--) {
		if (!is_at_or_below(work->list[i - 1].name, parent))
			return false;
		if (work->list[i - 1].name.n == parent.n)
			return true;
	}
	return false;
}

/*
 * RFC 3501 6.3.9: "foo/bar" is subscribed and LSUB "" % asked: "foo" is told with \Noselect. `name` did not match.
 */
static void tell_parents(struct imap_session *s, struct list_work *work, struct str name)
{
	for (size_t i = 1; i < name.n; i++) {
		struct str parent = str_first(name, i);

		if (name.p[i] != '/' || is_at_or_below(work->last_parent, parent) ||
		    !list_pattern_matches(work->pattern, parent))
			continue;
		work->last_parent = parent;
		if (!is_listed(work, parent))
			tell(s, parent, NULL);
	}
}

static enum imap_run go_on(struct imap_session *s, struct list_work *work)
{
	bool lsub = s->command.verb == VERB_LSUB;

	while (work->next < work->count) {
		const struct mailbox *mailbox = &work->list[work->next];

		if (list_pattern_matches(work->pattern, mailbox->name))
			tell(s, mailbox->name, mailbox);
		else if (lsub)
			tell_parents(s, work, mailbox->name);
		work->next++;
		if (imap_step_is_over(s))
			return RUN_MORE;
	}
	return imap_finish(s, NULL, "that is all");
}

static enum errc read_list(struct imap_session *s, struct list_work *work, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_list(db, s->actor, s->command.verb == VERB_LSUB, s->arena, &work->list,
	    &work->count, err);
	db_return(&db);
	return rc;
}

/* RFC 3501 6.3.8: an empty pattern asks for the separator and the root of the reference. */
static enum imap_run tell_root(struct imap_session *s, struct str reference)
{
	struct buf *out = &s->base.out;
	struct str root = STR_EMPTY;

	if (reference.n > 0 && reference.p[0] == '#') {
		root = str_first(reference, str_find_char(reference, '/'));
		if (root.n < reference.n)
			root.n++;
	}
	buf_printf(
	    out, "* %s (\\Noselect) \"/\" ", s->command.verb == VERB_LSUB ? "LSUB" : "LIST");
	imap_add_mailbox(out, root);
	BUF_ADD(out, "\r\n");
	return imap_finish(s, NULL, "that is all");
}

static enum imap_run begin(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct list_work *work;
	struct str reference, pattern;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.list.reference, &reference) ||
	    !imap_mailbox_name(s, s->command.list.pattern, &pattern))
		return RUN_DONE;
	if (pattern.n == 0)
		return tell_root(s, reference);
	work = ARENA_NEW(s->arena, struct list_work, 1);
	rc = read_list(s, work, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return RUN_DONE;
	}
	work->pattern = list_pattern_new(
	    s->arena, str_printf(s->arena, "%.*s%.*s", STR_ARG(reference), STR_ARG(pattern)));
	s->work = work;
	return go_on(s, work);
}

enum imap_run imap_run_list(struct imap_session *s)
{
	return s->work == NULL ? begin(s) : go_on(s, s->work);
}
