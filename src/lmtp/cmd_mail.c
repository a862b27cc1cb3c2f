#include "lmtp/lmtp_int.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/str.h"
#include "smtp/command.h"
#include "smtp/limits.h"
#include "smtp/reply.h"

/* What the attempt left in the transaction's arena goes, so that a thousand attempts cost what one does. */
static enum step refuse(struct lmtp_session *l, int code, const char *enhanced, const char *why)
{
	smtp_reply(&l->s.out, (struct smtp_status){ code, enhanced }, "%s", why);
	lmtp_reset(l);
	return STEP_MORE;
}

/* RFC 1870 6.1: a declared size over the limit is refused before the bytes come. */
static enum errc check_size(const struct lmtp_session *l, struct str value)
{
	uint64_t size = 0;
	enum errc rc =
	    value.n > SMTP_SIZE_DIGITS_MAX ? ERR_SYNTAX : str_to_u64(value, UINT64_MAX, &size);

	if (rc == OK && size > l->env->conf->message_max)
		rc = ERR_LIMIT;
	return rc;
}

/* True if the parameters are fine; else the refusal is written. */
static bool take_parameters(struct lmtp_session *l, const struct smtp_path_command *command)
{
	for (size_t i = 0; i < command->parameter_count; i++) {
		struct smtp_parameter p = command->parameters[i];

		if (str_equal_nocase(p.keyword, STR("SIZE"))) {
			enum errc rc = check_size(l, p.value);

			if (rc == ERR_LIMIT)
				(void)refuse(
				    l, 552, "5.3.4", "message too big for this server");
			else if (rc != OK)
				(void)refuse(l, 501, "5.5.4", "SIZE takes a number");
			if (rc != OK)
				return false;
		} else if (str_equal_nocase(p.keyword, STR("BODY"))) {
			if (!str_equal_nocase(p.value, STR("7BIT")) &&
			    !str_equal_nocase(p.value, STR("8BITMIME"))) {
				(void)refuse(l, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
				return false;
			}
		} else if (str_equal_nocase(p.keyword, STR("SMTPUTF8")) && p.value.n == 0) {
			l->utf8 = true;
		} else {
			/* RFC 5321 4.1.1.11 */
			(void)refuse(l, 555, "5.5.4", "parameter not known");
			return false;
		}
	}
	return true;
}

static struct str new_transaction_id(struct arena *arena)
{
	char text[12];

	random_text(text, sizeof(text));
	return str_dup(arena, (struct str){ text, sizeof(text) });
}

enum step lmtp_cmd_mail(struct lmtp_session *l, struct str rest)
{
	struct smtp_path_command command;
	struct err err = { .code = OK };
	bool is_ipv6;

	if (smtp_path_command(rest, STR("FROM"), l->transaction, &command, &err) != OK)
		return refuse(l, 501, "5.1.7", err.text);
	if (!take_parameters(l, &command))
		return STEP_MORE;
	if (command.path.utf8 && !l->utf8)
		return refuse(l, 553, "5.6.7", "such an address needs SMTPUTF8");
	/* RFC 5321 4.1.3 */
	is_ipv6 = str_find_char(l->s.peer.address, ':') < l->s.peer.address.n;
	l->envelope = (struct envelope){
		.sender = str_dup(l->transaction, command.path.address),
		.protocol = l->utf8 ? STR("UTF8LMTP") : STR("LMTP"),
		.helo = l->helo,
		.peer = l->s.peer.is_unix
		    ? STR_EMPTY
		    : str_printf(l->transaction, "[%s%.*s]", is_ipv6 ? "IPv6:" : "",
			  STR_ARG(l->s.peer.address)),
		.id = new_transaction_id(l->transaction),
		.log = l->s.log,
	};
	lmtp_enter(l, LMTP_MAIL);
	smtp_reply(&l->s.out, (struct smtp_status){ 250, "2.1.0" }, "sender taken");
	return STEP_MORE;
}
