/*
 * imap/parse_list.c - arguments of LIST (RFC 5258 section 6), LSUB and STATUS.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

struct option_word {
	struct str word;
	unsigned bit;
};

static const struct option_word select_words[] = {
	{ STR_INIT("SUBSCRIBED"), LIST_SUBSCRIBED },
	{ STR_INIT("REMOTE"), LIST_REMOTE },
	{ STR_INIT("RECURSIVEMATCH"), LIST_RECURSIVEMATCH },
	{ STR_INIT("SPECIAL-USE"), LIST_SPECIAL_USE },
};

static const struct option_word return_words[] = {
	{ STR_INIT("SUBSCRIBED"), LIST_RETURN_SUBSCRIBED },
	{ STR_INIT("CHILDREN"), LIST_RETURN_CHILDREN },
	{ STR_INIT("SPECIAL-USE"), LIST_RETURN_SPECIAL_USE },
	{ STR_INIT("STATUS"), LIST_RETURN_STATUS },
};

static const struct option_word status_words[] = {
	{ STR_INIT("MESSAGES"), STATUS_MESSAGES },
	{ STR_INIT("RECENT"), STATUS_RECENT },
	{ STR_INIT("UIDNEXT"), STATUS_UIDNEXT },
	{ STR_INIT("UIDVALIDITY"), STATUS_UIDVALIDITY },
	{ STR_INIT("UNSEEN"), STATUS_UNSEEN },
	{ STR_INIT("DELETED"), STATUS_DELETED },
	{ STR_INIT("SIZE"), STATUS_SIZE },
	{ STR_INIT("DELETED-STORAGE"), STATUS_DELETED_STORAGE },
	{ STR_INIT("HIGHESTMODSEQ"), STATUS_HIGHESTMODSEQ },
};

static bool is_option_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-';
}

/* A word of a table as a bit; 0: there is no such word. */
static unsigned take_option(struct cursor *c, const struct option_word *words, size_t count)
{
	struct str word = cursor_take_while(c, is_option_char);

	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(word, words[i].word))
			return words[i].bit;
	return 0;
}

/* "(" status-att *(SP status-att) ")" */
static enum errc read_status_items(struct cursor *c, unsigned *items_out, struct err *err)
{
	unsigned items = 0;

	if (!cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "list of status items expected");
	do {
		unsigned item = take_option(c, status_words, COUNT(status_words));

		if (item == 0)
			return err_set(err, ERR_SYNTAX, "unknown status item");
		items |= item;
	} while (cursor_take(c, ' '));
	if (!cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list of status items without its end");
	*items_out = items;
	return OK;
}

/* list-select-opts, behind its "(" */
static enum errc read_select_options(
    struct cursor *c, struct list_options *options, struct err *err)
{
	unsigned select = 0;

	while (!cursor_take(c, ')')) {
		enum errc rc = select != 0 ? imap_sp(c, err) : OK;
		unsigned bit;

		if (rc != OK)
			return rc;
		bit = take_option(c, select_words, COUNT(select_words));
		if (bit == 0)
			return err_set(err, ERR_SYNTAX, "unknown selection option");
		select |= bit;
	}
	/* RFC 5258 3.1: it modifies an option that chooses by itself */
	if ((select & LIST_RECURSIVEMATCH) != 0 && (select & LIST_SELECT_BASE) == 0)
		return err_set(err, ERR_SYNTAX, "RECURSIVEMATCH needs another option");
	options->select = select;
	return OK;
}

/* "RETURN" SP "(" [return-option *(SP return-option)] ")" */
static enum errc read_return_options(
    struct cursor *c, struct list_options *options, struct err *err)
{
	bool first = true;

	if (!cursor_take_nocase(c, STR("RETURN (")))
		return err_set(err, ERR_SYNTAX, "RETURN options expected");
	for (; !cursor_take(c, ')'); first = false) {
		enum errc rc = first ? OK : imap_sp(c, err);
		unsigned bit;

		if (rc != OK)
			return rc;
		bit = take_option(c, return_words, COUNT(return_words));
		if (bit == 0)
			return err_set(err, ERR_SYNTAX, "unknown return option");
		options->returns |= bit;
		if (bit == LIST_RETURN_STATUS) {
			rc = imap_sp(c, err);
			if (rc == OK)
				rc = read_status_items(c, &options->status, err);
		}
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum errc read_pattern(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	enum errc rc = imap_list_mailbox(c, arena, out, err);

	if (rc == OK && out->n > IMAP_MAILBOX_SENT_MAX)
		return err_set(err, ERR_LIMIT, "pattern too long");
	return rc;
}

/* patterns: "(" list-mailbox *(SP list-mailbox) ")", behind its "(" */
static enum errc read_patterns(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct str *patterns = ARENA_NEW(arena, struct str, IMAP_LIST_PATTERNS_MAX);
	size_t count = 0;

	do {
		enum errc rc;

		if (count == IMAP_LIST_PATTERNS_MAX)
			return err_set(err, ERR_LIMIT, "too many patterns");
		rc = read_pattern(c, arena, &patterns[count++], err);
		if (rc != OK)
			return rc;
	} while (cursor_take(c, ' '));
	if (!cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list of patterns without its end");
	command->list.patterns = patterns;
	command->list.pattern_count = count;
	return OK;
}

static enum errc read_one_pattern(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct str *pattern = ARENA_NEW(arena, struct str, 1);

	command->list.patterns = pattern;
	command->list.pattern_count = 1;
	return read_pattern(c, arena, pattern, err);
}

/* LIST [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts] */
enum errc imap_read_list(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct list_options *options = &command->list.options;
	enum errc rc = OK;

	*options = (struct list_options){ .extended = false };
	if (cursor_take_str(c, STR(" ("))) {
		options->extended = true;
		rc = read_select_options(c, options, err);
	}
	if (rc == OK)
		rc = imap_sp_mailbox(c, arena, &command->list.reference, err);
	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc != OK)
		return rc;
	if (cursor_take(c, '(')) {
		options->extended = true;
		rc = read_patterns(c, arena, command, err);
	} else {
		rc = read_one_pattern(c, arena, command, err);
	}
	if (rc == OK && cursor_take(c, ' ')) {
		options->extended = true;
		rc = read_return_options(c, options, err);
	}
	return rc;
}

/* LSUB SP mailbox SP list-mailbox */
enum errc imap_read_lsub(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->list.reference, err);

	/* RFC 3501 6.3.9: parents of subscriptions that do not match are told too */
	command->list.options =
	    (struct list_options){ .select = LIST_SUBSCRIBED | LIST_RECURSIVEMATCH };
	if (rc == OK)
		rc = imap_sp(c, err);
	return rc == OK ? read_one_pattern(c, arena, command, err) : rc;
}

/* STATUS SP mailbox SP "(" status-att *(SP status-att) ")" */
enum errc imap_read_status(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->status.mailbox, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	return rc == OK ? read_status_items(c, &command->status.items, err) : rc;
}
