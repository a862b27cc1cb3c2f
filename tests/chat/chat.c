#include "tests/chat/chat_int.h"

#include "base/heap.h"
#include "base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)(16 * 1024 * 1024))
#define RANDOM_PIECE_MAX 40
#define ANY_ORDER_MAX 64

/* One run of a file. */
struct run {
	const struct chat_host *host;
	struct arena *arena;
	struct chat chat;
	struct script script;
	size_t at; /* the line that is done */
	struct peer *peer;
	struct peer_options options;
	struct variables variables;
	enum chat_feed feed;
	uint64_t random;
};

static size_t random_below_state(uint64_t *x, size_t bound)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (size_t)(*x % bound);
}

static enum errc opened_peer(struct run *run, struct err *err)
{
	if (run->peer->was_opened)
		return OK;
	return peer_open(run->peer, run->host, &run->options, err);
}

/* C lines in a row as one piece. */
static enum errc collect_input(struct run *run, struct buf *input, struct err *err)
{
	enum errc rc = OK;

	while (rc == OK && run->at < run->script.count &&
	    run->script.line[run->at].kind == LINE_SEND)
		rc = variables_expand(
		    &run->variables, run->script.line[run->at++].text, input, err);
	run->at--; /* the last line of the piece is the one that is reported */
	return rc;
}

static enum errc send_lines(struct run *run, struct err *err)
{
	struct buf input = BUF_INIT(FILE_MAX);
	enum errc rc = collect_input(run, &input, err);
	struct str rest = buf_str(&input);

	if (rc == OK && !run->peer->session)
		rc = err_set(err, ERR_CLOSED, "the session has ended");
	while (rc == OK && rest.n > 0) {
		size_t n = rest.n;

		if (run->feed == CHAT_BYTES)
			n = 1;
		else if (run->feed == CHAT_RANDOM)
			n = 1 + random_below_state(&run->random, RANDOM_PIECE_MAX);
		rc = peer_feed(run->peer, str_first(rest, n), err);
		rest = str_from_at(rest, n < rest.n ? n : rest.n);
		/* what came in clear behind it is thrown away */
		if (run->peer->want == STEP_TLS)
			rest = STR_EMPTY;
	}
	buf_release(&input);
	return rc;
}

/* Lets the session run until it has said `enough` (asked anew each time). False: it says no more. */
static bool hear(struct run *run, bool (*enough)(struct str said, size_t n), size_t n)
{
	while (!enough(buf_str(&run->peer->said), n)) {
		if (peer_pump(run->peer))
			continue;
		if (!run->peer->session || !peer_wait(run->peer))
			return false;
	}
	return true;
}

static bool has_line(struct str said, size_t n)
{
	(void)n;
	return str_find(said, STR("\r\n")) < said.n;
}

static bool has_lf_line(struct str said, size_t n)
{
	(void)n;
	return str_find_char(said, '\n') < said.n;
}

/* What lines of the session end in, at this place of the file. */
static struct str line_end(const struct run *run)
{
	return run->script.line[run->at].ends_in_lf ? STR("\n") : STR("\r\n");
}

static bool has_bytes(struct str said, size_t n)
{
	return said.n >= n;
}

static enum errc said_instead(struct run *run, struct str wanted, struct err *err)
{
	struct str said = str_first(buf_str(&run->peer->said), 150);

	return err_set(err, ERR_NOTFOUND, "wanted \"%.*s\", got \"%.*s\"%s",
	    STR_ARG(str_first(wanted, 70)), STR_ARG(said),
	    run->peer->session ? "" : " and the end");
}

/* The next line without its end; it stays until take_line. */
static bool next_line(struct run *run, struct str *line_out)
{
	struct str end = line_end(run), said;

	if (!hear(run, end.n == 1 ? has_lf_line : has_line, 0))
		return false;
	said = buf_str(&run->peer->said);
	*line_out = str_first(said, str_find(said, end));
	return true;
}

static void take_line(struct run *run, struct str line)
{
	buf_consume(&run->peer->said, line.n + line_end(run).n);
}

static enum errc expect_line(struct run *run, struct str pattern, struct err *err)
{
	struct str line;
	enum errc rc;

	if (!next_line(run, &line))
		return said_instead(run, pattern, err);
	rc = pattern_match(pattern, line, &run->variables, err);
	if (rc == OK)
		take_line(run, line);
	return rc == ERR_NOTFOUND ? said_instead(run, pattern, err) : rc;
}

/* Nothing is waited for: what is optional may be the last that there is. */
static enum errc expect_optional(struct run *run, struct str pattern, struct err *err)
{
	struct str line;
	enum errc rc;

	while (peer_pump(run->peer))
		;
	if (str_find(buf_str(&run->peer->said), line_end(run)) == run->peer->said.n ||
	    !next_line(run, &line))
		return OK;
	rc = pattern_match(pattern, line, &run->variables, err);
	if (rc == OK)
		take_line(run, line);
	return rc == ERR_NOTFOUND ? OK : rc;
}

static enum errc expect_raw(struct run *run, struct str bytes, struct err *err)
{
	struct str said;

	(void)hear(run, has_bytes, bytes.n);
	said = buf_str(&run->peer->said);
	if (!str_equal(str_first(said, bytes.n), bytes))
		return said_instead(run, bytes, err);
	buf_consume(&run->peer->said, bytes.n);
	return OK;
}

/* S* lines in a row: each line that comes has to match one that is left. */
static enum errc expect_any_order(struct run *run, struct err *err)
{
	const struct line *line = &run->script.line[run->at];
	bool done[ANY_ORDER_MAX] = { false };
	size_t count = 0;

	while (run->at + count < run->script.count && line[count].kind == LINE_ANY_ORDER)
		count++;
	if (count > ANY_ORDER_MAX)
		return err_set(err, ERR_LIMIT, "more than %d lines of S*", ANY_ORDER_MAX);
	for (size_t left = count; left > 0; left--) {
		enum errc rc = ERR_NOTFOUND;
		struct str said;

		if (!next_line(run, &said))
			return said_instead(run, line[0].text, err);
		for (size_t i = 0; i < count && rc == ERR_NOTFOUND; i++) {
			if (done[i])
				continue;
			rc = pattern_match(line[i].text, said, &run->variables, err);
			done[i] = rc == OK;
		}
		if (rc == ERR_NOTFOUND)
			return err_set(err, rc, "\"%.*s\" is none of these", STR_ARG(said));
		if (rc != OK)
			return rc;
		take_line(run, said);
	}
	run->at += count - 1;
	return OK;
}

static enum errc directive_session(struct run *run, struct str rest, struct err *err)
{
	uint64_t number = 0;

	if (str_to_u64(rest, CHAT_SESSIONS_MAX, &number) != OK || number == 0)
		return err_set(err, ERR_SYNTAX, "@session 1 to %d", CHAT_SESSIONS_MAX);
	run->peer = &run->chat.peer[number - 1];
	return OK;
}

static enum errc directive_service(struct run *run, struct str rest, struct err *err)
{
	(void)err;
	run->options.service = str_cstr(run->arena, rest);
	return OK;
}

static enum errc directive_peer(struct run *run, struct str rest, struct err *err)
{
	(void)err;
	run->options.address = str_cstr(run->arena, rest);
	return OK;
}

static enum errc on_or_off(struct str rest, bool *value, struct err *err)
{
	*value = str_equal(rest, STR("on"));
	if (!*value && !str_equal(rest, STR("off")))
		return err_set(err, ERR_SYNTAX, "on or off");
	return OK;
}

static enum errc directive_tls(struct run *run, struct str rest, struct err *err)
{
	return on_or_off(rest, &run->options.tls, err);
}

static enum errc directive_starttls(struct run *run, struct str rest, struct err *err)
{
	return on_or_off(rest, &run->options.starttls, err);
}

static enum errc directive_event(struct run *run, struct str rest, struct err *err)
{
	static const struct {
		struct str name;
		enum session_event event;
	} events[] = {
		{ STR_INIT("timer"), EVENT_TIMER },
		{ STR_INIT("bus"), EVENT_BUS },
		{ STR_INIT("done"), EVENT_DONE },
		{ STR_INIT("eof"), EVENT_EOF },
		{ STR_INIT("shutdown"), EVENT_SHUTDOWN },
	};
	size_t i = 0;
	enum errc rc = opened_peer(run, err);

	while (i < COUNT(events) && !str_equal(rest, events[i].name))
		i++;
	if (rc == OK && i == COUNT(events))
		rc = err_set(err, ERR_SYNTAX, "timer, bus, done, eof or shutdown");
	if (rc == OK && events[i].event == EVENT_TIMER && run->peer->timer_at_ms == 0)
		rc = err_set(err, ERR_STATE, "the session has set no timer");
	if (rc != OK)
		return rc;
	if (events[i].event == EVENT_TIMER)
		run->peer->timer_at_ms = 0;
	chat_wake(&run->chat, run->peer->ref, events[i].event);
	(void)peer_pump(run->peer);
	return OK;
}

static enum errc directive_closed(struct run *run, struct str rest, struct err *err)
{
	(void)rest;
	while (peer_pump(run->peer))
		;
	if (run->peer->session)
		return err_set(err, ERR_STATE, "the session has not ended");
	if (run->peer->said.n > 0)
		return said_instead(run, STR_EMPTY, err);
	return OK;
}

/* The script has looked at it. */
static enum errc directive_lines(struct run *run, struct str rest, struct err *err)
{
	(void)run;
	return str_equal(rest, STR("lf")) ? OK : err_set(err, ERR_SYNTAX, "@lines lf");
}

static enum errc directive(struct run *run, struct str text, struct err *err)
{
	static const struct {
		struct str word;
		enum errc (*run)(struct run *run, struct str rest, struct err *err);
	} ours[] = {
		{ STR_INIT("session"), directive_session },
		{ STR_INIT("service"), directive_service },
		{ STR_INIT("peer"), directive_peer },
		{ STR_INIT("tls"), directive_tls },
		{ STR_INIT("starttls"), directive_starttls },
		{ STR_INIT("event"), directive_event },
		{ STR_INIT("closed"), directive_closed },
		{ STR_INIT("lines"), directive_lines },
	};
	struct str word = str_first(text, str_find_char(text, ' '));
	struct str rest = str_trim(str_from_at(text, word.n));
	enum errc rc = ERR_UNSUPPORTED;

	for (size_t i = 0; i < COUNT(ours); i++) {
		if (str_equal(word, ours[i].word))
			return ours[i].run(run, rest, err);
	}
	if (run->host->directive)
		rc = run->host->directive(run->host->arg, word, rest, err);
	if (rc == ERR_UNSUPPORTED)
		return err_set(err, rc, "@%.*s is unknown", STR_ARG(word));
	return rc;
}

static enum errc do_line(struct run *run, struct err *err)
{
	const struct line *line = &run->script.line[run->at];
	enum errc rc;

	if (line->kind == LINE_DIRECTIVE)
		return directive(run, line->text, err);
	rc = opened_peer(run, err);
	if (rc != OK)
		return rc;
	switch (line->kind) {
	case LINE_SEND:
		return send_lines(run, err);
	case LINE_EXPECT:
		return expect_line(run, line->text, err);
	case LINE_RAW:
		return expect_raw(run, line->text, err);
	case LINE_OPTIONAL:
		return expect_optional(run, line->text, err);
	default:
		return expect_any_order(run, err);
	}
}

/* What nobody expected. */
static enum errc check_leftovers(struct run *run, struct err *err)
{
	for (size_t i = 0; i < CHAT_SESSIONS_MAX; i++) {
		struct peer *peer = &run->chat.peer[i];
		struct str said;

		while (peer->was_opened && peer_pump(peer))
			;
		said = str_first(buf_str(&peer->said), 150);
		if (said.n > 0)
			return err_set(err, ERR_STATE, "session %zu also said \"%.*s\"", i + 1,
			    STR_ARG(said));
	}
	return OK;
}

/* *line_out: the line that failed; 0: none. */
static enum errc hold(struct run *run, struct str file, unsigned *line_out, struct err *err)
{
	enum errc rc = script_parse(file, run->arena, &run->script, err);

	for (run->at = 0; rc == OK && run->at < run->script.count; run->at++) {
		rc = do_line(run, err);
		if (rc != OK)
			*line_out = run->script.line[run->at].number;
	}
	if (rc == OK)
		rc = check_leftovers(run, err);
	return rc;
}

static enum errc read_file(
    const char *path, struct arena *arena, struct str *file_out, struct err *err)
{
	struct buf content = BUF_INIT(FILE_MAX);
	FILE *file = fopen(path, "re");
	char piece[4096];
	size_t n;

	if (!file)
		return err_set(err, ERR_NOTFOUND, "cannot be read");
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_add(&content, piece, n);
	(void)fclose(file);
	*file_out = str_dup(arena, buf_str(&content));
	buf_release(&content);
	return OK;
}

static const char *folder_name(const char *path, struct arena *arena)
{
	struct str text = str_from(path);

	text = str_first(text, str_rfind_char(text, '/'));
	if (str_rfind_char(text, '/') < text.n)
		text = str_from_at(text, str_rfind_char(text, '/') + 1);
	return str_cstr(arena, text);
}

static void init_chat(struct chat *chat)
{
	(void)pthread_mutex_init(&chat->lock, NULL);
	(void)pthread_cond_init(&chat->changed, NULL);
	for (uint32_t i = 0; i < CHAT_SESSIONS_MAX; i++) {
		struct peer *peer = &chat->peer[i];

		peer->chat = chat;
		peer->ref = (struct session_ref){ .slot = i, .generation = 1 };
		buf_init(&peer->said, CHAT_OUTPUT_MAX);
	}
}

static void end_sessions(struct chat *chat)
{
	for (size_t i = 0; i < CHAT_SESSIONS_MAX; i++)
		peer_free(&chat->peer[i]);
}

/* When the world that could wake has ended. */
static void release_chat(struct chat *chat)
{
	(void)pthread_cond_destroy(&chat->changed);
	(void)pthread_mutex_destroy(&chat->lock);
}

bool chat_run(const struct chat_host *host, const char *path, enum chat_feed feed,
    uint64_t seed, struct buf *report)
{
	static const char *const feeds[] = { "whole", "byte by byte", "cut at random" };
	struct arena *arena = arena_new("chat");
	struct run run = { .host = host, .arena = arena, .feed = feed, .random = seed | 1 };
	struct err err = { .code = OK };
	unsigned line = 0;
	struct str file;
	enum errc rc = read_file(path, arena, &file, &err);

	run.options = (struct peer_options){
		.service = folder_name(path, arena), .address = "127.0.0.1", .starttls = true
	};
	run.variables.arena = arena;
	run.peer = &run.chat.peer[0];
	init_chat(&run.chat);
	if (rc == OK)
		rc = host->begin(host->arg, &run.chat, &err);
	if (rc == OK) {
		rc = hold(&run, file, &line, &err);
		end_sessions(&run.chat);
		if (host->end)
			host->end(host->arg);
	}
	release_chat(&run.chat);
	if (rc != OK)
		buf_printf(report, "%s:%u: (%s, seed %llu) %s\n", path, line, feeds[feed],
		    (unsigned long long)seed, err.text);
	arena_free(&arena);
	return rc == OK;
}

static int is_chat(const struct dirent *entry)
{
	return str_ends_nocase(str_from(entry->d_name), STR(".chat"));
}

unsigned chat_run_folder(
    const struct chat_host *host, const char *folder, struct buf *report, unsigned *files_out)
{
	struct dirent **entry = NULL;
	int files = scandir(folder, &entry, is_chat, alphasort);
	unsigned failed = 0;

	for (int i = 0; i < files; i++) {
		char path[1024];
		bool passed;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry[i]->d_name);
		passed = chat_run(host, path, CHAT_WHOLE, 0, report) &&
		    chat_run(host, path, CHAT_BYTES, 0, report);
		for (uint64_t seed = 1; passed && seed <= 3; seed++)
			passed = chat_run(host, path, CHAT_RANDOM,
			    seed * UINT64_C(0x9e3779b97f4a7c15), report);
		failed += !passed;
		xfree(entry[i]);
	}
	xfree(entry);
	*files_out = files > 0 ? (unsigned)files : 0;
	return failed;
}
