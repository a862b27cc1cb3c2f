#include "imap/parse.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

/* Reads the arguments, with the space before them. */
typedef enum errc argument_reader(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err);

static enum errc sp_astring(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	return rc == OK ? imap_astring(c, arena, out, err) : rc;
}

/* SP mailbox */
static enum errc sp_mailbox(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	enum errc rc = sp_astring(c, arena, out, err);

	if (rc == OK && out->n > IMAP_MAILBOX_SENT_MAX)
		return err_set(err, ERR_LIMIT, "mailbox name too long");
	return rc;
}

static bool is_set_char(char c)
{
	return ascii_is_digit(c) || c == '*' || c == ':' || c == ',';
}

/* SP sequence-set */
static enum errc sp_set(
    struct cursor *c, struct arena *arena, struct seqset *out, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	if (rc != OK)
		return rc;
	return seqset_parse(
	    cursor_take_while(c, is_set_char), IMAP_SET_RANGES_MAX, arena, out, err);
}

static enum errc read_nothing(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	(void)c;
	(void)arena;
	(void)command;
	(void)err;
	return OK;
}

/* LOGIN SP userid SP password */
static enum errc read_login(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_astring(c, arena, &command->login.user, err);

	return rc == OK ? sp_astring(c, arena, &command->login.password, err) : rc;
}

static bool is_initial_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '+' || c == '/' || c == '=';
}

/* AUTHENTICATE SP auth-type [SP initial-resp] (RFC 4959 section 3) */
static enum errc read_authenticate(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct str initial;
	enum errc rc = imap_sp(c, err);

	if (rc == OK)
		rc = imap_atom(c, arena, &command->authenticate.mechanism, err);
	command->authenticate.initial = STR_EMPTY;
	if (rc != OK || !cursor_take(c, ' '))
		return rc;
	initial = cursor_take_while(c, is_initial_char);
	if (initial.n == 0)
		return err_set(err, ERR_SYNTAX, "initial response expected");
	command->authenticate.initial = str_dup(arena, initial);
	return OK;
}

/* ENABLE 1*(SP capability) */
static enum errc read_enable(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct str *names = ARENA_NEW(arena, struct str, IMAP_ENABLE_MAX);
	size_t count = 0;

	do {
		enum errc rc = imap_sp(c, err);

		if (rc == OK && count == IMAP_ENABLE_MAX)
			return err_set(err, ERR_LIMIT, "too many capabilities");
		if (rc == OK)
			rc = imap_atom(c, arena, &names[count++], err);
		if (rc != OK)
			return rc;
	} while (cursor_peek(c) == ' ');
	command->enable.names = names;
	command->enable.count = count;
	return OK;
}

/* string SP nstring, with the limits of RFC 2971 section 3.3 */
static enum errc read_id_pair(
    struct cursor *c, struct arena *arena, struct id_pair *pair, struct err *err)
{
	enum errc rc = imap_string(c, arena, &pair->key, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_nstring(c, arena, &pair->value, err);
	if (rc == OK && (pair->key.n > IMAP_ID_KEY_MAX || pair->value.n > IMAP_ID_VALUE_MAX))
		return err_set(err, ERR_LIMIT, "ID field too long");
	return rc;
}

/* ID SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil) */
static enum errc read_id(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct id_pair *pairs = ARENA_NEW(arena, struct id_pair, IMAP_ID_PAIRS_MAX);
	size_t count = 0;
	enum errc rc = imap_sp(c, err);

	command->id.pairs = pairs;
	command->id.count = 0;
	if (rc != OK || cursor_take_nocase(c, STR("NIL")))
		return rc;
	if (!cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "list or NIL expected");
	if (cursor_take(c, ')'))
		return OK;
	do {
		if (count == IMAP_ID_PAIRS_MAX)
			return err_set(err, ERR_LIMIT, "too many ID fields");
		rc = read_id_pair(c, arena, &pairs[count++], err);
		if (rc != OK)
			return rc;
	} while (cursor_take(c, ' '));
	if (!cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list without its end");
	command->id.count = count;
	return OK;
}

static enum errc read_mailbox(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	return sp_mailbox(c, arena, &command->mailbox, err);
}

/* RENAME SP mailbox SP mailbox */
static enum errc read_rename(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_mailbox(c, arena, &command->rename.from, err);

	return rc == OK ? sp_mailbox(c, arena, &command->rename.to, err) : rc;
}

/* LIST SP mailbox SP list-mailbox; LSUB alike */
static enum errc read_list(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_mailbox(c, arena, &command->list.reference, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_list_mailbox(c, arena, &command->list.pattern, err);
	if (rc == OK && command->list.pattern.n > IMAP_MAILBOX_SENT_MAX)
		return err_set(err, ERR_LIMIT, "pattern too long");
	return rc;
}

static const struct {
	struct str word;
	enum status_item item;
} status_words[] = {
	{ STR_INIT("MESSAGES"), STATUS_MESSAGES },
	{ STR_INIT("RECENT"), STATUS_RECENT },
	{ STR_INIT("UIDNEXT"), STATUS_UIDNEXT },
	{ STR_INIT("UIDVALIDITY"), STATUS_UIDVALIDITY },
	{ STR_INIT("UNSEEN"), STATUS_UNSEEN },
};

static enum errc read_status_att(struct cursor *c, unsigned *items, struct err *err)
{
	struct str word = cursor_take_while(c, ascii_is_alpha);

	for (size_t i = 0; i < COUNT(status_words); i++) {
		if (!str_equal_nocase(word, status_words[i].word))
			continue;
		*items |= (unsigned)status_words[i].item;
		return OK;
	}
	return err_set(err, ERR_SYNTAX, "unknown status item");
}

/* STATUS SP mailbox SP "(" status-att *(SP status-att) ")" */
static enum errc read_status(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_mailbox(c, arena, &command->status.mailbox, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK && !cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "list of status items expected");
	command->status.items = 0;
	if (rc == OK)
		rc = read_status_att(c, &command->status.items, err);
	while (rc == OK && cursor_take(c, ' '))
		rc = read_status_att(c, &command->status.items, err);
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list of status items without its end");
	return rc;
}

/* APPEND SP mailbox [SP flag-list] [SP date-time] SP, before the literal */
static enum errc read_append_head(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_mailbox(c, arena, &command->append.mailbox, err);

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

static enum errc read_append(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = read_append_head(c, arena, command, err);

	return rc == OK ? imap_literal_head(c, &command->append.size, err) : rc;
}

/* SEARCH [SP "CHARSET" SP astring] 1*(SP search-key) */
static enum errc read_search(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	command->search.charset = STR_EMPTY;
	if (rc == OK && cursor_take_nocase(c, STR("CHARSET "))) {
		rc = imap_astring(c, arena, &command->search.charset, err);
		if (rc == OK)
			rc = imap_sp(c, err);
	}
	return rc == OK ? imap_search_keys(c, arena, &command->search.key, err) : rc;
}

/* FETCH SP sequence-set SP (macro / fetch-att / list) */
static enum errc read_fetch(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_set(c, arena, &command->fetch.set, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_fetch_items(
		    c, arena, &command->fetch.items, &command->fetch.count, err);
	return rc;
}

/* STORE SP sequence-set SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag))) */
static enum errc read_store(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_set(c, arena, &command->store.set, err);

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

/* COPY SP sequence-set SP mailbox */
static enum errc read_copy(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = sp_set(c, arena, &command->copy.set, err);

	return rc == OK ? sp_mailbox(c, arena, &command->copy.mailbox, err) : rc;
}

static enum errc read_set(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	return sp_set(c, arena, &command->set, err);
}

static const struct {
	struct str name;
	argument_reader *read;
} verbs[] = {
	[VERB_CAPABILITY] = { STR_INIT("CAPABILITY"), read_nothing },
	[VERB_NOOP] = { STR_INIT("NOOP"), read_nothing },
	[VERB_LOGOUT] = { STR_INIT("LOGOUT"), read_nothing },
	[VERB_ID] = { STR_INIT("ID"), read_id },
	[VERB_STARTTLS] = { STR_INIT("STARTTLS"), read_nothing },
	[VERB_AUTHENTICATE] = { STR_INIT("AUTHENTICATE"), read_authenticate },
	[VERB_LOGIN] = { STR_INIT("LOGIN"), read_login },
	[VERB_ENABLE] = { STR_INIT("ENABLE"), read_enable },
	[VERB_SELECT] = { STR_INIT("SELECT"), read_mailbox },
	[VERB_EXAMINE] = { STR_INIT("EXAMINE"), read_mailbox },
	[VERB_CREATE] = { STR_INIT("CREATE"), read_mailbox },
	[VERB_DELETE] = { STR_INIT("DELETE"), read_mailbox },
	[VERB_RENAME] = { STR_INIT("RENAME"), read_rename },
	[VERB_SUBSCRIBE] = { STR_INIT("SUBSCRIBE"), read_mailbox },
	[VERB_UNSUBSCRIBE] = { STR_INIT("UNSUBSCRIBE"), read_mailbox },
	[VERB_LIST] = { STR_INIT("LIST"), read_list },
	[VERB_LSUB] = { STR_INIT("LSUB"), read_list },
	[VERB_NAMESPACE] = { STR_INIT("NAMESPACE"), read_nothing },
	[VERB_STATUS] = { STR_INIT("STATUS"), read_status },
	[VERB_APPEND] = { STR_INIT("APPEND"), read_append },
	[VERB_IDLE] = { STR_INIT("IDLE"), read_nothing },
	[VERB_CHECK] = { STR_INIT("CHECK"), read_nothing },
	[VERB_CLOSE] = { STR_INIT("CLOSE"), read_nothing },
	[VERB_UNSELECT] = { STR_INIT("UNSELECT"), read_nothing },
	[VERB_EXPUNGE] = { STR_INIT("EXPUNGE"), read_nothing },
	[VERB_SEARCH] = { STR_INIT("SEARCH"), read_search },
	[VERB_FETCH] = { STR_INIT("FETCH"), read_fetch },
	[VERB_STORE] = { STR_INIT("STORE"), read_store },
	[VERB_COPY] = { STR_INIT("COPY"), read_copy },
	[VERB_UID_EXPUNGE] = { STR_INIT("UID EXPUNGE"), read_set },
	[VERB_UID_SEARCH] = { STR_INIT("UID SEARCH"), read_search },
	[VERB_UID_FETCH] = { STR_INIT("UID FETCH"), read_fetch },
	[VERB_UID_STORE] = { STR_INIT("UID STORE"), read_store },
	[VERB_UID_COPY] = { STR_INIT("UID COPY"), read_copy },
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
	uint32_t size;

	return read_start(&c, arena, &command, NULL) == OK && command.verb == VERB_APPEND &&
	    read_append_head(&c, arena, &command, NULL) == OK &&
	    imap_literal_head(&c, &size, NULL) == OK && cursor_at_end(&c);
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
