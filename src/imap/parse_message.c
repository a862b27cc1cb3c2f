/*
 * imap/parse_message.c - arguments of APPEND, FETCH, STORE, COPY: what is about messages.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

#include <string.h>

/* append-opts, with the space behind each: [flag-list SP] [date-time SP] */
static enum errc read_append_opts(
    struct cursor *c, struct arena *arena, struct append_part *part, struct err *err)
{
	enum errc rc = OK;

	if (cursor_peek(c) == '(') {
		rc = imap_flag_list(c, arena, &part->flags, err);
		if (rc == OK)
			rc = imap_sp(c, err);
	}
	if (rc == OK && cursor_peek(c) == '"') {
		rc = imap_date_time(c, &part->date, err);
		if (rc == OK)
			rc = imap_sp(c, err);
		part->has_date = true;
	}
	return rc;
}

/* append-message up to its bytes: append-opts SP (literal / literal8 / "UTF8" SP "(" literal8, which ")" follows). */
enum errc imap_read_append_message(
    struct cursor *c, struct arena *arena, struct append_part *part, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	*part = (struct append_part){ .size = 0 };
	if (rc == OK)
		rc = read_append_opts(c, arena, part, err);
	if (rc != OK)
		return rc;
	part->utf8 = cursor_take_nocase(c, STR("UTF8 ("));
	part->binary = cursor_take(c, '~');
	if (part->utf8 && !part->binary)
		return err_set(err, ERR_SYNTAX, "~{ expected: a literal of 8 bits");
	return imap_literal_head(c, &part->size, err);
}

static struct append_part *room_for_part(
    struct arena *arena, struct append_part *parts, size_t count)
{
	struct append_part *larger;

	/* the room is 1, 2, 4, 8 ... */
	if ((count & (count - 1)) != 0)
		return parts;
	larger = ARENA_NEW(arena, struct append_part, count == 0 ? 1 : 2 * count);
	if (count > 0)
		memcpy(larger, parts, count * sizeof(*larger));
	return larger;
}

/* APPEND SP mailbox 1*append-message (RFC 3502 section 7; RFC 4466 section 6; RFC 6855 section 4) */
enum errc imap_read_append(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct append_part *parts = NULL;
	size_t count = 0;
	enum errc rc = imap_sp_mailbox(c, arena, &command->append.mailbox, err);

	if (rc != OK)
		return rc;
	do {
		if (count == IMAP_APPEND_MESSAGES_MAX)
			return err_set(err, ERR_LIMIT, "too many messages at once");
		parts = room_for_part(arena, parts, count);
		rc = imap_read_append_message(c, arena, &parts[count], err);
		if (rc == OK && parts[count].utf8 && !cursor_take(c, ')'))
			rc = err_set(err, ERR_SYNTAX, ") expected");
		count++;
	} while (rc == OK && cursor_peek(c) == ' ');
	command->append.parts = parts;
	command->append.count = count;
	return rc;
}

/* FETCH SP sequence-set SP (macro / fetch-att / list) [fetch-modifiers] */
enum errc imap_read_fetch(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_set(c, arena, &command->fetch.set, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_fetch_items(
		    c, arena, &command->fetch.items, &command->fetch.count, err);
	if (rc == OK)
		rc = imap_fetch_modifiers(c, &command->fetch.modifiers, err);
	/* RFC 7162 3.2.6: VANISHED is a modifier of UID FETCH */
	if (rc == OK && command->fetch.modifiers.vanished && !command->uid)
		return err_set(err, ERR_SYNTAX, "VANISHED is for UID FETCH");
	return rc;
}

/* STORE SP sequence-set [store-modifiers] SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag))) */
enum errc imap_read_store(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_set(c, arena, &command->store.set, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_store_modifiers(c, &command->store.unchanged_since, err);
	if (rc != OK)
		return rc;
	command->store.operation = FLAGS_SET;
	if (cursor_take(c, '+'))
		command->store.operation = FLAGS_ADD;
	else if (cursor_take(c, '-'))
		command->store.operation = FLAGS_REMOVE;
	if (!cursor_take_nocase(c, STR("FLAGS")))
		return err_set(err, ERR_SYNTAX, "FLAGS expected");
	command->store.silent = cursor_take_nocase(c, STR(".SILENT"));
	rc = imap_sp(c, err);
	if (rc != OK)
		return rc;
	if (cursor_peek(c) == '(')
		return imap_flag_list(c, arena, &command->store.flags, err);
	return imap_flags(c, arena, &command->store.flags, err);
}

/* COPY SP sequence-set SP mailbox; MOVE alike (RFC 6851 section 5) */
enum errc imap_read_copy(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_set(c, arena, &command->copy.set, err);

	return rc == OK ? imap_sp_mailbox(c, arena, &command->copy.mailbox, err) : rc;
}

enum errc imap_read_set(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	return imap_sp_set(c, arena, &command->set, err);
}
