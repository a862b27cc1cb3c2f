#include "fuzz/session_world.h"

#include "base/arena.h"
#include "base/str.h"

void session_expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void init_chat(struct chat *chat)
{
	session_expect(pthread_mutex_init(&chat->lock, NULL) == 0);
	session_expect(pthread_cond_init(&chat->changed, NULL) == 0);
	for (uint32_t i = 0; i < CHAT_SESSIONS_MAX; i++)
		chat->peer[i] = (struct peer){ .chat = chat, .ref = { i, 1 } };
}

void session_world_do(struct session_world *sw, struct str word, struct str rest)
{
	session_expect(world_directive(&sw->world, word, rest, NULL) == OK);
}

static void make_store(struct session_world *sw)
{
	init_chat(&sw->chat);
	session_expect(world_begin(&sw->world, &sw->chat, NULL) == OK);
	/* what is refused is no news here */
	sw->world.sink.level = LOG_LEVEL_ERROR;
	sw->world.imap_conf.message_max = sw->world.lmtp_conf.message_max = 20000;
	session_world_do(sw, STR("user"), STR("ann secret"));
	session_world_do(sw, STR("user"), STR("bob secret"));
}

void session_world_begin(struct session_world *sw)
{
	if (sw->runs++ == 0)
		make_store(sw);
	for (size_t i = 0; i < CHAT_SESSIONS_MAX; i++) {
		struct peer *peer = &sw->chat.peer[i];

		*peer = (struct peer){ .chat = &sw->chat,
			.ref = { (uint32_t)i, peer->ref.generation + 1 } };
		buf_init(&peer->said, CHAT_OUTPUT_MAX);
	}
}

void session_world_close(struct session_world *sw)
{
	if (sw->runs == 0)
		return;
	world_end(&sw->world);
	(void)pthread_cond_destroy(&sw->chat.changed);
	(void)pthread_mutex_destroy(&sw->chat.lock);
	sw->runs = 0;
}

void session_world_end(struct session_world *sw)
{
	for (size_t i = 0; i < CHAT_SESSIONS_MAX; i++)
		peer_free(&sw->chat.peer[i]);
	if (sw->runs >= RUNS_PER_STORE)
		session_world_close(sw);
}

struct peer *session_world_open(struct session_world *sw, size_t slot, const char *service)
{
	const struct chat_host host = { .arg = &sw->world, .open = world_open };
	const struct peer_options options = { .service = service, .address = "127.0.0.1" };

	session_expect(peer_open(&sw->chat.peer[slot], &host, &options, NULL) == OK);
	return &sw->chat.peer[slot];
}

void session_feed(struct peer *peer, struct str bytes, bool singly)
{
	while (bytes.n > 0 && peer->session) {
		size_t n = singly ? 1 : bytes.n;

		session_expect(peer_feed(peer, str_first(bytes, n), NULL) == OK);
		bytes = str_from_at(bytes, n);
	}
	/* whoever waits for input has taken what could be taken, and a session's memory is bounded */
	session_expect(!peer->session || peer->session->in.n <= SESSION_IN_MAX);
}

bool session_line(struct peer *peer, struct arena *arena, struct str *line_out)
{
	struct str said = buf_str(&peer->said);
	size_t end = str_find(said, STR("\r\n"));

	if (said.n == 0)
		return false;
	session_expect(end < said.n);
	*line_out = str_dup(arena, str_first(said, end));
	buf_consume(&peer->said, end + 2);
	return true;
}

void session_skip(struct peer *peer, uint64_t n)
{
	session_expect(n <= peer->said.n);
	buf_consume(&peer->said, (size_t)n);
}
