/*
 * imap/parse_message.c - arguments of APPEND, FETCH, STORE, COPY: what is about messages.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

/* APPEND SP mailbox [SP flag-list] [SP date-time] SP, before the literal */
enum errc imap_read_append_head(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->append.mailbox, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	command->append.flags = (struct flag_list){ .system = 0 };
	if (rc == OK && cursor_peek(c) == '(') {
		rc = imap_flag_list(c, arena, &command->append.flags, err);
		if (rc == OK)
			rc = imap_sp(c, err);
	}
	command->append.has_date = false;
	if (rc == OK && cursor_peek(c) == '"') {
		rc = imap_date_time(c, &command->append.date, err);
		if (rc == OK)
			rc = imap_sp(c, err);
		command->append.has_date = true;
	}
	return rc;
}

enum errc imap_read_append(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_read_append_head(c, arena, command, err);

	return rc == OK ? imap_literal_head(c, &command->append.size, err) : rc;
}

/* FETCH SP sequence-set SP (macro / fetch-att / list) */
enum errc imap_read_fetch(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_set(c, arena, &command->fetch.set, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_fetch_items(
		    c, arena, &command->fetch.items, &command->fetch.count, err);
	return rc;
}

/* STORE SP sequence-set SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag))) */
enum errc imap_read_store(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_set(c, arena, &command->store.set, err);

	if (rc == OK)
		rc = imap_sp(c, err);
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
