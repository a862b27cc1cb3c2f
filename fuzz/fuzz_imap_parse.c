/*
 * Commands: what parses has a tag of the grammar and a verb; errors keep what was read before them.
 */
#include "base/arena.h"
#include "base/str.h"
#include "imap/parse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_search(const struct search_key *key, unsigned depth)
{
	if (depth > 200)
		__builtin_trap();
	if (key->op < SEARCH_AND)
		return;
	if (key->child == NULL)
		__builtin_trap();
	for (const struct search_key *k = key->child; k != NULL; k = k->next)
		check_search(k, depth + 1);
}

static void check_fetch(const struct imap_command *command)
{
	if (command->fetch.count == 0 ||
	    (command->fetch.set.count == 0) != command->fetch.set.saved)
		__builtin_trap();
	if (command->fetch.modifiers.changed_since < 0 ||
	    (command->fetch.modifiers.vanished && command->fetch.modifiers.changed_since == 0))
		__builtin_trap();
	for (size_t i = 0; i < command->fetch.count; i++) {
		const struct fetch_item *item = &command->fetch.items[i];

		/* the label goes to the client as it is */
		for (size_t k = 0; k < item->label.n; k++)
			if (!ascii_is_print(item->label.p[k]))
				__builtin_trap();
		if (item->partial && item->length == 0)
			__builtin_trap();
	}
}

/* What ends with the message of an APPEND is a whole command, at the latest with the ")" of UTF8 (...). */
static void check_append(struct str in, struct arena *arena)
{
	struct str closed = str_printf(arena, "%.*s)", STR_ARG(in));
	struct imap_command command;

	if (memchr(in.p, '\0', in.n) != NULL)
		return;
	if (imap_parse(in, arena, &command, NULL) != OK &&
	    imap_parse(closed, arena, &command, NULL) != OK)
		__builtin_trap();
	if (command.verb != VERB_APPEND || command.append.count != 1)
		__builtin_trap();
}

/* Numbers of the sorted set; each is one that a mailbox can have. */
static uint64_t count_known(const struct seqset *set)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->range[i].first == SEQ_STAR || set->range[i].last < set->range[i].first)
			__builtin_trap();
		count += (uint64_t)set->range[i].last - set->range[i].first + 1;
	}
	return count;
}

/* Match data are pairs (RFC 7162 3.2.5.2). */
static void check_select(const struct qresync *known)
{
	if (!known->asked)
		return;
	if (known->uidvalidity == 0 || known->modseq <= 0)
		__builtin_trap();
	if (count_known(&known->match_seqs) != count_known(&known->match_uids))
		__builtin_trap();
	for (size_t i = 0; i < known->known.count; i++)
		if (known->known.range[i].first == SEQ_STAR ||
		    known->known.range[i].last == SEQ_STAR)
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct imap_command command;
	enum errc rc = imap_parse(in, arena, &command, NULL);

	if (rc == OK && (command.tag.n == 0 || command.verb == VERB_COUNT))
		__builtin_trap();
	if (command.tag.n > 0 && !str_equal(imap_tag_of(in), command.tag))
		__builtin_trap();
	if (rc == OK && (command.verb == VERB_SEARCH || command.verb == VERB_UID_SEARCH))
		check_search(command.search.key, 0);
	if (rc == OK && (command.verb == VERB_FETCH || command.verb == VERB_UID_FETCH))
		check_fetch(&command);
	if (rc == OK && (command.verb == VERB_SELECT || command.verb == VERB_EXAMINE))
		check_select(&command.select.params.qresync);
	(void)imap_literal_is_next_message(in, arena);
	if (imap_literal_is_message(in, arena))
		check_append(in, arena);
	arena_free(&arena);
	return 0;
}
