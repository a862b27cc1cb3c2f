#include "imap/parse.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "imap/lex.h"
#include "imap/parse_int.h"

static enum errc read_nothing(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	(void)c;
	(void)arena;
	(void)command;
	(void)err;
	return OK;
}

static const struct {
	struct str name;
	argument_reader *read;
} verbs[] = {
	[VERB_CAPABILITY] = { STR_INIT("CAPABILITY"), read_nothing },
	[VERB_NOOP] = { STR_INIT("NOOP"), read_nothing },
	[VERB_LOGOUT] = { STR_INIT("LOGOUT"), read_nothing },
	[VERB_ID] = { STR_INIT("ID"), imap_read_id },
	[VERB_STARTTLS] = { STR_INIT("STARTTLS"), read_nothing },
	[VERB_AUTHENTICATE] = { STR_INIT("AUTHENTICATE"), imap_read_authenticate },
	[VERB_LOGIN] = { STR_INIT("LOGIN"), imap_read_login },
	[VERB_ENABLE] = { STR_INIT("ENABLE"), imap_read_enable },
	[VERB_COMPRESS] = { STR_INIT("COMPRESS"), imap_read_compress },
	[VERB_SELECT] = { STR_INIT("SELECT"), imap_read_select },
	[VERB_EXAMINE] = { STR_INIT("EXAMINE"), imap_read_select },
	[VERB_CREATE] = { STR_INIT("CREATE"), imap_read_create },
	[VERB_DELETE] = { STR_INIT("DELETE"), imap_read_mailbox },
	[VERB_RENAME] = { STR_INIT("RENAME"), imap_read_rename },
	[VERB_SUBSCRIBE] = { STR_INIT("SUBSCRIBE"), imap_read_mailbox },
	[VERB_UNSUBSCRIBE] = { STR_INIT("UNSUBSCRIBE"), imap_read_mailbox },
	[VERB_LIST] = { STR_INIT("LIST"), imap_read_list },
	[VERB_LSUB] = { STR_INIT("LSUB"), imap_read_lsub },
	[VERB_NAMESPACE] = { STR_INIT("NAMESPACE"), read_nothing },
	[VERB_STATUS] = { STR_INIT("STATUS"), imap_read_status },
	[VERB_GETQUOTA] = { STR_INIT("GETQUOTA"), imap_read_getquota },
	[VERB_GETQUOTAROOT] = { STR_INIT("GETQUOTAROOT"), imap_read_mailbox },
	[VERB_SETQUOTA] = { STR_INIT("SETQUOTA"), imap_read_setquota },
	[VERB_GETACL] = { STR_INIT("GETACL"), imap_read_mailbox },
	[VERB_MYRIGHTS] = { STR_INIT("MYRIGHTS"), imap_read_mailbox },
	[VERB_LISTRIGHTS] = { STR_INIT("LISTRIGHTS"), imap_read_identifier },
	[VERB_SETACL] = { STR_INIT("SETACL"), imap_read_setacl },
	[VERB_DELETEACL] = { STR_INIT("DELETEACL"), imap_read_identifier },
	[VERB_APPEND] = { STR_INIT("APPEND"), imap_read_append },
	[VERB_IDLE] = { STR_INIT("IDLE"), read_nothing },
	[VERB_CHECK] = { STR_INIT("CHECK"), read_nothing },
	[VERB_CLOSE] = { STR_INIT("CLOSE"), read_nothing },
	[VERB_UNSELECT] = { STR_INIT("UNSELECT"), read_nothing },
	[VERB_EXPUNGE] = { STR_INIT("EXPUNGE"), read_nothing },
	[VERB_SEARCH] = { STR_INIT("SEARCH"), imap_read_search },
	[VERB_FETCH] = { STR_INIT("FETCH"), imap_read_fetch },
	[VERB_STORE] = { STR_INIT("STORE"), imap_read_store },
	[VERB_COPY] = { STR_INIT("COPY"), imap_read_copy },
	[VERB_MOVE] = { STR_INIT("MOVE"), imap_read_copy },
	[VERB_UID_EXPUNGE] = { STR_INIT("UID EXPUNGE"), imap_read_set },
	[VERB_UID_SEARCH] = { STR_INIT("UID SEARCH"), imap_read_search },
	[VERB_UID_FETCH] = { STR_INIT("UID FETCH"), imap_read_fetch },
	[VERB_UID_STORE] = { STR_INIT("UID STORE"), imap_read_store },
	[VERB_UID_COPY] = { STR_INIT("UID COPY"), imap_read_copy },
	[VERB_UID_MOVE] = { STR_INIT("UID MOVE"), imap_read_copy },
};
_Static_assert(COUNT(verbs) == VERB_COUNT, "every verb has its grammar");

struct str imap_verb_name(enum imap_verb verb)
{
	return verbs[verb].name;
}

static bool is_word_char(char c)
{
	return ascii_is_alpha(c) || c == '-';
}

/* The command's name, of two words when the first one is UID. */
static enum errc read_verb(struct cursor *c, enum imap_verb *verb_out, struct err *err)
{
	struct cursor at = *c;
	struct str name = cursor_take_while(&at, is_word_char);

	if (str_equal_nocase(name, STR("UID")) && cursor_take(&at, ' ')) {
		(void)cursor_take_while(&at, is_word_char);
		name.n = (size_t)(at.p - name.p);
	}
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (!str_equal_nocase(name, verbs[i].name))
			continue;
		*verb_out = (enum imap_verb)i;
		*c = at;
		return OK;
	}
	return err_set(
	    err, ERR_UNSUPPORTED, name.n > 0 ? "unknown command" : "command missing");
}

/* command: tag SP command-any */
static enum errc read_start(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_tag(c, arena, &command->tag, err);

	if (rc != OK)
		return err_set(err, ERR_SYNTAX, "tag expected");
	if (!cursor_take(c, ' ')) {
		bool broken = !cursor_at_end(c);

		/* what looked like a tag is none if a character stands in it that no tag holds */
		if (broken)
			command->tag = STR_EMPTY;
		return err_set(err, ERR_SYNTAX, broken ? "tag expected" : "command missing");
	}
	return read_verb(c, &command->verb, err);
}

enum errc imap_parse(
    struct str in, struct arena *arena, struct imap_command *command_out, struct err *err)
{
	struct cursor c = cursor_of(in);
	enum errc rc;

	*command_out = (struct imap_command){ .verb = VERB_COUNT };
	rc = read_start(&c, arena, command_out, err);
	if (rc != OK)
		return rc;
	command_out->uid = command_out->verb >= VERB_UID_EXPUNGE;
	rc = verbs[command_out->verb].read(&c, arena, command_out, err);
	return rc == OK ? imap_end(&c, err) : rc;
}

bool imap_literal_is_message(struct str in, struct arena *arena)
{
	struct imap_command command = { .verb = VERB_COUNT };
	struct cursor c = cursor_of(in);
	struct append_part part;

	return read_start(&c, arena, &command, NULL) == OK && command.verb == VERB_APPEND &&
	    imap_sp_mailbox(&c, arena, &command.append.mailbox, NULL) == OK &&
	    imap_read_append_message(&c, arena, &part, NULL) == OK && cursor_at_end(&c);
}

bool imap_literal_is_next_message(struct str line, struct arena *arena)
{
	struct cursor c = cursor_of(line);
	struct append_part part;

	/* the end of a message in "UTF8 (...)" */
	(void)cursor_take(&c, ')');
	return imap_read_append_message(&c, arena, &part, NULL) == OK && cursor_at_end(&c);
}

static bool is_tag_char(char c)
{
	return imap_is_astring_char(c) && c != '+';
}

struct str imap_tag_of(struct str in)
{
	struct cursor c = cursor_of(in);
	struct str tag = cursor_take_while(&c, is_tag_char);

	return cursor_peek(&c) == ' ' || cursor_at_end(&c) ? tag : STR_EMPTY;
}

/* The size of the literal whose head is `line`'s end; 0: that is none. */
static size_t literal_size(struct str line)
{
	struct cursor c = cursor_of(str_from_at(line, str_rfind_char(line, '{')));
	uint64_t size;

	if (!cursor_take(&c, '{') || cursor_take_u64(&c, UINT32_MAX, &size) != OK)
		return 0;
	(void)cursor_take(&c, '+');
	return cursor_take(&c, '}') && cursor_at_end(&c) ? (size_t)size : 0;
}

bool imap_quoted_is_utf8(struct str in)
{
	while (in.n > 0) {
		size_t end = str_find(in, STR("\r\n"));
		struct str line = str_first(in, end);
		size_t skip = end + 2 + literal_size(line);

		if (!utf8_is_valid(line))
			return false;
		if (skip >= in.n)
			break;
		in = str_from_at(in, skip);
	}
	return true;
}
