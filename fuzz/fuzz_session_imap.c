/*
 * Three sessions on one store: two of a user who has selected INBOX, and a stranger. The input is lines; each becomes a
 * command with a tag, or what a literal, IDLE or AUTHENTICATE waits for. A first byte below 8 says how it comes:
 *
 *	0, 1, 2		of that session from here on
 *	3		a message is delivered to INBOX first
 *	4		the session is told of news
 *	5		byte by byte
 *	6		together with the next line
 *
 * However it comes: responses are whole, each command has one tagged answer, numbers are of messages that the client
 * knows, and none goes during FETCH, STORE, SEARCH (RFC 3501 7.4.1). Who has enabled QRESYNC hears of messages that went
 * by VANISHED and never by EXPUNGE, who has not never by VANISHED (RFC 7162 3.2.10), and each uid in it is one message.
 * ESEARCH names the command that it answers (RFC 4731 3.1).
 */
#include "base/arena.h"
#include "base/str.h"
#include "fuzz/session_world.h"
#include "imap/imap_int.h"
#include "imap/view.h"
#include "store/account.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SESSIONS 3
#define LINES_MAX 64
#define SEQ_RANGES_MAX 100000

enum mark { MARK_SESSION_2 = 2, MARK_DELIVER, MARK_BUS, MARK_BYTES, MARK_JOIN, MARK_COUNT };

/* What a client knows of a command that it sent. */
struct note {
	bool numbers_stay, selects;
};

struct client {
	struct peer *peer;
	uint64_t sent, answered;
	struct note note[LINES_MAX + 3]; /* by tag */
	uint64_t exists;
	bool bye, qresync;
};

/* What may stand behind a line in the same piece of input, so that it is known what it is taken for. */
enum behind { BEHIND_COMMAND, BEHIND_DATA, BEHIND_NOTHING };

struct run {
	struct session_world *sw;
	struct arena *arena;
	struct str user;
	uint32_t uidvalidity; /* of the user's INBOX */
	struct client client[SESSIONS];
	struct buf joined; /* lines that wait for the next one */
	enum behind behind;
};

static struct imap_session *imap_of(const struct client *client)
{
	return (struct imap_session *)client->peer->session;
}

/* Between two commands? */
static bool is_idle(const struct client *client)
{
	return client->peer->session && client->peer->want == STEP_INPUT &&
	    !imap_of(client)->running && framer_is_idle(&imap_of(client)->framer);
}

/* {n} at the end of a line announces n bytes. */
static bool ends_in_literal(struct str line, uint64_t *size_out)
{
	size_t open = str_rfind_char(line, '{');

	return line.n > 2 && line.p[line.n - 1] == '}' && open < line.n &&
	    str_to_u64(
		(struct str){ line.p + open + 1, line.n - open - 2 }, SIZE_MAX, size_out) == OK;
}

/* The command that is being answered. */
static const struct note *current(const struct client *client)
{
	return &client->note[client->answered + 1];
}

static void check_number(struct client *client, uint64_t number, struct str word)
{
	if (str_equal(word, STR("EXISTS"))) {
		session_expect(number >= client->exists);
		client->exists = number;
	} else if (str_equal(word, STR("EXPUNGE"))) {
		session_expect(!current(client)->numbers_stay && !client->qresync);
		session_expect(number >= 1 && number <= client->exists);
		client->exists--;
	} else if (str_equal(word, STR("FETCH"))) {
		session_expect(number >= 1 && number <= client->exists);
	} else {
		session_expect(str_equal(word, STR("RECENT")) && number <= client->exists);
	}
}

/* The rest of "* VANISHED (EARLIER) 1:3,7". */
static void check_vanished(struct run *run, struct client *client, struct str rest)
{
	bool earlier = str_starts(rest, STR("(EARLIER) "));
	struct seqset set;
	uint64_t count = 0;

	session_expect(client->qresync);
	rest = str_from_at(rest, earlier ? 10 : 0);
	session_expect(seqset_parse(rest, SEQ_RANGES_MAX, run->arena, &set, NULL) == OK);
	for (size_t i = 0; i < set.count; i++) {
		session_expect(
		    set.range[i].first != SEQ_STAR && set.range[i].first <= set.range[i].last);
		count += set.range[i].last - set.range[i].first + UINT64_C(1);
	}
	/* what went before this session began is not in its numbers */
	if (earlier)
		return;
	session_expect(!current(client)->numbers_stay && count <= client->exists);
	client->exists -= count;
}

static bool has_word(struct str list, const char *wanted)
{
	struct str word;

	while (str_split(&list, ' ', &word))
		if (str_equal_nocase(word, str_from(wanted)))
			return true;
	return false;
}

static void check_esearch(struct run *run, const struct client *client, struct str rest)
{
	struct str tag =
	    str_printf(run->arena, "(TAG \"t%llu\")", (unsigned long long)client->answered + 1);

	session_expect(str_starts(rest, tag));
}

static void check_untagged(struct run *run, struct client *client, struct str line)
{
	struct str word;
	uint64_t number;

	(void)str_split(&line, ' ', &word);
	if (str_equal(word, STR("BYE")))
		client->bye = true;
	/* the first of what SELECT says */
	if (str_equal(word, STR("FLAGS")) && current(client)->selects)
		client->exists = 0;
	if (str_equal(word, STR("VANISHED")))
		check_vanished(run, client, line);
	if (str_equal(word, STR("ESEARCH")))
		check_esearch(run, client, line);
	if (str_equal(word, STR("ENABLED")))
		client->qresync = client->qresync || has_word(line, "QRESYNC");
	if (str_to_u64(word, UINT32_MAX, &number) != OK)
		return;
	(void)str_split(&line, ' ', &word);
	check_number(client, number, word);
}

/* "t12 OK ..." in the order of the commands */
static void check_tagged(struct run *run, struct client *client, struct str line)
{
	struct str tag, word;

	(void)str_split(&line, ' ', &tag);
	(void)str_split(&line, ' ', &word);
	client->answered++;
	session_expect(client->answered <= client->sent);
	session_expect(str_equal(
	    tag, str_printf(run->arena, "t%llu", (unsigned long long)client->answered)));
	session_expect(str_equal(word, STR("OK")) || str_equal(word, STR("NO")) ||
	    str_equal(word, STR("BAD")));
}

static void check_said(struct run *run, struct client *client)
{
	struct str line;

	while (session_line(client->peer, run->arena, &line)) {
		struct str first = line;
		uint64_t size;

		while (ends_in_literal(line, &size)) {
			session_skip(client->peer, size);
			session_expect(session_line(client->peer, run->arena, &line));
		}
		if (str_starts(first, STR("* ")))
			check_untagged(run, client, str_from_at(first, 2));
		else if (!str_starts(first, STR("+ ")))
			check_tagged(run, client, first);
	}
	session_expect(
	    client->peer->session || client->bye || client->peer->want == STEP_CLOSE);
	/* a line that the session refuses before it is complete was answered already */
	if (is_idle(client))
		session_expect(client->answered == client->sent);
}

static bool is_verb(struct str line, const char *verb)
{
	struct str word = str_from(verb);

	return str_equal_nocase(str_first(line, word.n), word);
}

static struct note note_of(struct str line)
{
	return (struct note){
		.numbers_stay = is_verb(line, "FETCH ") || is_verb(line, "STORE ") ||
		    is_verb(line, "SEARCH "),
		.selects = is_verb(line, "SELECT ") || is_verb(line, "EXAMINE "),
	};
}

static enum behind behind(struct str line)
{
	size_t open = str_rfind_char(line, '{');
	size_t at = open + 1;

	if (is_verb(line, "IDLE") || is_verb(line, "AUTHENTICATE"))
		return BEHIND_NOTHING;
	while (at < line.n && line.p[at] >= '0' && line.p[at] <= '9')
		at++;
	if (open >= line.n || at == open + 1)
		return BEHIND_COMMAND;
	if (str_equal(str_from_at(line, at), STR("}")))
		return BEHIND_NOTHING;
	return str_equal(str_from_at(line, at), STR("+}")) ? BEHIND_DATA : BEHIND_COMMAND;
}

/* A client that comes back knows the UIDVALIDITY of INBOX; in the input 1 stands for it. */
static struct str with_uidvalidity(struct run *run, struct str line)
{
	struct str mark = STR("(QRESYNC (1 ");
	size_t at = str_find(line, mark);

	if (at == line.n)
		return line;
	return str_printf(run->arena, "%.*s(QRESYNC (%u %.*s", STR_ARG(str_first(line, at)),
	    run->uidvalidity, STR_ARG(str_from_at(line, at + mark.n)));
}

static void send_line(struct run *run, struct client *client, struct str line, unsigned mark)
{
	struct buf *bytes = &run->joined;
	enum behind next = BEHIND_NOTHING;

	if (bytes->n == 0)
		run->behind = is_idle(client) ? BEHIND_COMMAND : BEHIND_DATA;
	if (run->behind == BEHIND_COMMAND) {
		line = with_uidvalidity(run, line);
		buf_printf(bytes, "t%llu ", (unsigned long long)++client->sent);
		client->note[client->sent] = note_of(line);
		next = behind(line);
	}
	buf_add_str(bytes, line);
	BUF_ADD(bytes, "\r\n");
	run->behind = next;
	if (mark == MARK_JOIN && next != BEHIND_NOTHING)
		return;
	session_feed(client->peer, buf_str(bytes), mark == MARK_BYTES);
	buf_clear(bytes);
	check_said(run, client);
}

static void deliver(struct run *run)
{
	session_world_do(run->sw, STR("deliver"),
	    str_printf(run->arena, "%.*s Subject: x\\r\\n\\r\\nnew\\r\\n", STR_ARG(run->user)));
}

static void tell_news(struct run *run, struct client *client)
{
	if (!client->peer->session)
		return;
	chat_wake(&run->sw->chat, client->peer->ref, EVENT_BUS);
	while (peer_pump(client->peer))
		;
	check_said(run, client);
}

static void do_line(struct run *run, struct client **client, struct str line)
{
	unsigned mark = line.n > 0 && (unsigned char)line.p[0] < MARK_COUNT
	    ? (unsigned char)line.p[0]
	    : MARK_COUNT;

	if (mark != MARK_COUNT)
		line = str_from_at(line, 1);
	if (mark <= MARK_SESSION_2 && run->joined.n == 0)
		*client = &run->client[mark];
	if (mark == MARK_DELIVER)
		deliver(run);
	if (mark == MARK_BUS)
		tell_news(run, *client);
	if ((*client)->peer->session)
		send_line(run, *client, line, mark);
}

/* The user of the first two sessions, who needs no password here. */
static void log_in(struct run *run, struct client *client)
{
	struct arena *arena = arena_new("login");
	struct account account;
	struct db *db;

	session_expect(db_lease(run->sw->world.pool, 1000, &db, NULL) == OK);
	session_expect(account_by_name(db, run->user, arena, &account, NULL) == OK);
	db_return(&db);
	imap_of(client)->actor = (struct actor){ .user = account.id };
	imap_session_enter(imap_of(client), IMAP_KNOWN);
	arena_free(&arena);
	send_line(run, client, STR("SELECT INBOX"), MARK_COUNT);
	session_expect(imap_of(client)->state == IMAP_SELECTED);
	run->uidvalidity = imap_of(client)->view->uidvalidity;
}

static void begin(struct run *run)
{
	session_world_begin(run->sw);
	run->user = str_printf(run->arena, "u%u", run->sw->runs);
	session_world_do(
	    run->sw, STR("user"), str_printf(run->arena, "%.*s x", STR_ARG(run->user)));
	deliver(run);
	deliver(run);
	for (size_t i = 0; i < SESSIONS; i++) {
		run->client[i].peer = session_world_open(run->sw, i, "imap");
		if (i < MARK_SESSION_2)
			log_in(run, &run->client[i]);
	}
}

static struct session_world the_world;

static void close_the_world(void)
{
	session_world_close(&the_world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .sw = &the_world, .arena = arena_new("fuzz") };
	struct str in = { (const char *)data, size }, line;
	struct client *client = &run.client[0];

	if (the_world.runs == 0)
		(void)atexit(close_the_world);
	buf_init(&run.joined, SESSION_IN_MAX);
	begin(&run);
	for (size_t i = 0; in.n > 0 && i < LINES_MAX; i++) {
		(void)str_split(&in, '\n', &line);
		do_line(&run, &client, line);
	}
	buf_release(&run.joined);
	session_world_end(run.sw);
	arena_free(&run.arena);
	return 0;
}
