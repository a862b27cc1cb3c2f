/*
 * imap/parse_login.c - arguments of LOGIN, AUTHENTICATE, ENABLE and ID.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

/* LOGIN SP userid SP password */
enum errc imap_read_login(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_astring(c, arena, &command->login.user, err);

	return rc == OK ? imap_sp_astring(c, arena, &command->login.password, err) : rc;
}

static bool is_initial_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '+' || c == '/' || c == '=';
}

/* AUTHENTICATE SP auth-type [SP initial-resp] (RFC 4959 section 3) */
enum errc imap_read_authenticate(
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
enum errc imap_read_enable(
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
enum errc imap_read_id(
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

/* COMPRESS SP algorithm (RFC 4978 section 5) */
enum errc imap_read_compress(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	return rc == OK ? imap_atom(c, arena, &command->mechanism, err) : rc;
}
