#include "lmtp/lmtp_int.h"

#include "base/arena.h"
#include "base/str.h"
#include "smtp/command.h"
#include "smtp/reply.h"

#include <stdio.h>

enum step lmtp_cmd_lhlo(struct lmtp_session *l, struct str rest)
{
	static const char *const extensions[] = { "PIPELINING", "8BITMIME", "SMTPUTF8",
		"ENHANCEDSTATUSCODES", "CHUNKING" };
	struct err err = { .code = OK };
	struct str name;
	char size[32];
	int n;

	if (smtp_helo_parse(rest, &name, &err) != OK) {
		smtp_reply(&l->s.out, (struct smtp_status){ 501, "5.5.4" }, "%s", err.text);
		return STEP_MORE;
	}
	/* RFC 5321 4.1.4: a second LHLO works like RSET */
	lmtp_reset(l);
	l->helo = str_dup(l->connection, name);
	lmtp_enter(l, LMTP_READY);
	smtp_reply_line(&l->s.out, 250, false, l->env->deliver->hostname);
	for (size_t i = 0; i < COUNT(extensions); i++)
		smtp_reply_line(&l->s.out, 250, false, str_from(extensions[i]));
	n = snprintf(
	    size, sizeof(size), "SIZE %llu", (unsigned long long)l->env->conf->message_max);
	smtp_reply_line(&l->s.out, 250, true, (struct str){ size, (size_t)n });
	return STEP_MORE;
}

enum step lmtp_cmd_rset(struct lmtp_session *l, struct str rest)
{
	(void)rest;
	lmtp_reset(l);
	smtp_reply(&l->s.out, (struct smtp_status){ 250, "2.0.0" }, "forgotten");
	return STEP_MORE;
}

enum step lmtp_cmd_noop(struct lmtp_session *l, struct str rest)
{
	(void)rest;
	smtp_reply(&l->s.out, (struct smtp_status){ 250, "2.0.0" }, "here");
	return STEP_MORE;
}

enum step lmtp_cmd_quit(struct lmtp_session *l, struct str rest)
{
	(void)rest;
	smtp_reply(&l->s.out, (struct smtp_status){ 221, "2.0.0" }, "goodbye");
	/* a QUIT that was sent ahead of the answers shows nothing; how the peer closes does */
	l->s.await_peer = l->answers_open;
	return STEP_CLOSE;
}

/* RFC 5321 3.5.3: 252 where an address is not told but mail for it is tried. */
enum step lmtp_cmd_vrfy(struct lmtp_session *l, struct str rest)
{
	if (str_trim(rest).n == 0) {
		smtp_reply(
		    &l->s.out, (struct smtp_status){ 501, "5.5.4" }, "VRFY takes a name");
		return STEP_MORE;
	}
	smtp_reply(&l->s.out, (struct smtp_status){ 252, "2.5.0" }, "RCPT will tell");
	return STEP_MORE;
}

enum step lmtp_cmd_help(struct lmtp_session *l, struct str rest)
{
	(void)rest;
	smtp_reply(&l->s.out, (struct smtp_status){ 214, "2.0.0" },
	    "LHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT (RFC 2033)");
	return STEP_MORE;
}

enum step lmtp_cmd_smtp_only(struct lmtp_session *l, struct str rest)
{
	(void)rest;
	smtp_reply(&l->s.out, (struct smtp_status){ 500, "5.5.1" }, "this is LMTP: send LHLO");
	return STEP_MORE;
}
