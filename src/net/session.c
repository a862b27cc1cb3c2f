#include "net/session.h"

#include <assert.h>

void session_timer(struct session *s, int64_t at_ms)
{
	s->driver->timer(s, at_ms);
}

enum errc session_tls_binding(const struct session *s, enum tls_binding type,
    unsigned char out[TLS_BINDING_MAX], size_t *size_out)
{
	return s->driver->tls_binding ? s->driver->tls_binding(s, type, out, size_out)
				      : ERR_STATE;
}

bool session_take_event(struct session *s, enum session_event event)
{
	bool was_set = (s->events & (unsigned)event) != 0;

	s->events &= ~(unsigned)event;
	return was_set;
}

enum errc session_book(struct session *s, uint64_t bytes)
{
	return s->driver->book ? s->driver->book(s, bytes) : OK;
}

enum errc session_keep(struct session *s, uint64_t bytes)
{
	return s->driver->keep ? s->driver->keep(s, bytes) : OK;
}

void session_unbook(struct session *s)
{
	enum errc rc = session_book(s, 0);

	assert(rc == OK);
}

void session_begins(struct session *s, size_t verb)
{
	if (s->driver->watch)
		s->driver->watch->begins(s, verb);
}

void session_ended(struct session *s, enum session_result result)
{
	if (s->driver->watch)
		s->driver->watch->ended(s, result);
}

void session_did(struct session *s, size_t verb, enum session_result result, int64_t since_us)
{
	if (s->driver->watch)
		s->driver->watch->did(s, verb, result, since_us);
}

void session_is_in(struct session *s, const char *state, struct str mailbox)
{
	if (s->driver->watch)
		s->driver->watch->is_in(s, state, mailbox);
}

void session_tried_login(struct session *s, const char *mechanism, enum session_result result)
{
	if (s->driver->watch)
		s->driver->watch->tried_login(s, mechanism, result);
}
