#include "net/session.h"

void session_timer(struct session *s, int64_t at_ms)
{
	s->driver->timer(s, at_ms);
}

bool session_take_event(struct session *s, enum session_event event)
{
	bool was_set = (s->events & (unsigned)event) != 0;

	s->events &= ~(unsigned)event;
	return was_set;
}
