#include "bench/blast_session.h"

#include "base/str.h"

void blast_session_init(struct blast_session *session)
{
	*session = (struct blast_session){ .state = BLAST_GREETING };
}

static void put_command(struct blast_session *session, enum blast_state next, size_t n)
{
	session->out[0] = (struct iovec){ session->command, n };
	session->out_count = 1;
	session->out_at = 0;
	session->state = next;
	session->replies = 0;
}

static size_t add_command(
    struct blast_session *session, size_t n, const char *verb, const char *arg)
{
	return n +
	    (size_t)snprintf(
		session->command + n, sizeof(session->command) - n, "%s%s\r\n", verb, arg);
}

void blast_session_quit(struct blast_session *session)
{
	put_command(session, BLAST_QUIT, add_command(session, 0, "QUIT", ""));
}

void blast_session_deliver(struct blast_session *session, const struct blast_pool *pool)
{
	struct blast_delivery *d = &session->delivery;
	size_t n = 0;

	if (session->needs_reset)
		n = add_command(session, n, "RSET", "");
	n += (size_t)snprintf(session->command + n, sizeof(session->command) - n,
	    "MAIL FROM:<sender%u@blast.test>\r\n", (unsigned)(d->number % 1000));
	for (size_t i = 0; i < d->rcpts; i++) {
		n += (size_t)snprintf(session->command + n, sizeof(session->command) - n,
		    "RCPT TO:<%s>\r\n", d->rcpt[i]);
		d->accepted[i] = false;
		d->stored[i] = false;
	}
	n = add_command(session, n, "DATA", "");
	put_command(session, BLAST_ENVELOPE, n);
	blast_message_compose(pool, d->number, str_from(d->rcpt[0]), &session->message);
}

static void put_message(struct blast_session *session)
{
	memcpy(session->out, session->message.part, sizeof(session->out));
	session->out_count = session->message.count;
	session->out_at = 0;
	session->state = BLAST_BODY;
	session->replies = 0;
}

static size_t accepted_count(const struct blast_delivery *d)
{
	size_t count = 0;

	for (size_t i = 0; i < d->rcpts; i++)
		count += d->accepted[i];
	return count;
}

/* RSET when one was needed, MAIL, each RCPT, DATA. True when the message ends here because nobody wants it. */
static bool envelope_reply(struct blast_session *session, unsigned code)
{
	struct blast_delivery *d = &session->delivery;
	size_t before = session->needs_reset ? 2 : 1;
	size_t at = session->replies++;

	if (at >= before && at < before + d->rcpts) {
		d->accepted[at - before] = code / 100 == 2;
		return false;
	}
	if (at < before + d->rcpts)
		return false;
	if (code == 354 && accepted_count(d) == 0) {
		session->state = BLAST_BROKEN; /* RFC 2033 4.2: must be 503 */
		return true;
	}
	if (code == 354) {
		session->needs_reset = false;
		put_message(session);
		return false;
	}
	session->needs_reset = true;
	session->state = BLAST_READY;
	return true;
}

/* One reply for each accepted recipient, in the order of RCPT. True after the last. */
static bool body_reply(struct blast_session *session, unsigned code)
{
	struct blast_delivery *d = &session->delivery;
	size_t skip = session->replies++;

	if (session->out_at < session->out_count) {
		session->state = BLAST_BROKEN; /* answered before the end of data */
		return true;
	}
	for (size_t i = 0; i < d->rcpts; i++) {
		if (!d->accepted[i])
			continue;
		if (skip == 0) {
			d->stored[i] = code / 100 == 2;
			break;
		}
		skip--;
	}
	if (session->replies < accepted_count(d))
		return false;
	session->state = BLAST_READY;
	return true;
}

static void note_failure(struct blast_session *session, unsigned code, struct str line)
{
	if (code / 100 == 2 || code == 354 || session->first_failure[0] != '\0')
		return;
	snprintf(session->first_failure, sizeof(session->first_failure), "%.*s",
	    STR_ARG(str_trim(line)));
}

static bool reply(struct blast_session *session, struct str line)
{
	uint64_t code;

	if (line.n < 4 || str_to_u64(str_first(line, 3), 999, &code) != OK) {
		session->state = BLAST_BROKEN;
		return true;
	}
	if (line.p[3] == '-')
		return false;
	note_failure(session, (unsigned)code, line);
	switch (session->state) {
	case BLAST_GREETING:
		put_command(
		    session, BLAST_LHLO, add_command(session, 0, "LHLO ", "relay.blast.test"));
		return false;
	case BLAST_LHLO:
		session->state = code == 250 ? BLAST_READY : BLAST_BROKEN;
		return false;
	case BLAST_ENVELOPE:
		return envelope_reply(session, (unsigned)code);
	case BLAST_BODY:
		return body_reply(session, (unsigned)code);
	case BLAST_READY: /* 421: it closes */
	case BLAST_QUIT:
	case BLAST_BROKEN:
		break;
	}
	session->state = session->state == BLAST_QUIT ? BLAST_QUIT : BLAST_BROKEN;
	return false;
}

bool blast_session_feed(struct blast_session *session, struct str in)
{
	bool ended = false;

	for (size_t i = 0; i < in.n && session->state != BLAST_BROKEN; i++) {
		if (session->reply_begun == sizeof(session->line)) {
			session->state = BLAST_BROKEN;
			break;
		}
		session->line[session->reply_begun++] = in.p[i];
		if (in.p[i] == '\n') {
			struct str line = { session->line, session->reply_begun };

			session->reply_begun = 0;
			ended = reply(session, line) || ended;
		}
	}
	return ended;
}
