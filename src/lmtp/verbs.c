#include "lmtp/lmtp_int.h"

#include "base/str.h"

#define IN(state) (1U << (LMTP_##state))
#define ANY (IN(GREETED) | IN(READY) | IN(MAIL) | IN(RCPT))

/* clang-format off */
static const struct lmtp_verb verbs[] = {
	{ STR_INIT("MAIL"), IN(READY),                    false, lmtp_cmd_mail },
	{ STR_INIT("RCPT"), IN(MAIL) | IN(RCPT),          true,  lmtp_cmd_rcpt },
	{ STR_INIT("DATA"), IN(RCPT),                     false, lmtp_cmd_data },
	{ STR_INIT("BDAT"), IN(GREETED) | IN(READY) | IN(MAIL) | IN(RCPT), false, lmtp_cmd_bdat },
	{ STR_INIT("LHLO"), ANY,                          false, lmtp_cmd_lhlo },
	{ STR_INIT("RSET"), ANY,                          false, lmtp_cmd_rset },
	{ STR_INIT("NOOP"), ANY,                          false, lmtp_cmd_noop },
	{ STR_INIT("QUIT"), ANY,                          false, lmtp_cmd_quit },
	{ STR_INIT("VRFY"), ANY,                          false, lmtp_cmd_vrfy },
	{ STR_INIT("HELP"), ANY,                          false, lmtp_cmd_help },
	/* RFC 2033 4.1: these MUST NOT be taken, and are answered with 500 */
	{ STR_INIT("HELO"), ANY,                          false, lmtp_cmd_smtp_only },
	{ STR_INIT("EHLO"), ANY,                          false, lmtp_cmd_smtp_only },
};
/* clang-format on */

const struct lmtp_verb *lmtp_verb_find(struct str name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_equal_nocase(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

size_t lmtp_verb_number(const struct lmtp_verb *verb)
{
	return verb ? (size_t)(verb - verbs) : COUNT(verbs) + 1;
}

size_t lmtp_message_number(void)
{
	return COUNT(verbs);
}

static struct str verb_word(size_t i)
{
	if (i < COUNT(verbs))
		return verbs[i].name;
	return i == lmtp_message_number() ? STR("message") : STR("invalid");
}

struct session_verbs lmtp_session_verbs(void)
{
	return (struct session_verbs){ verb_word, COUNT(verbs) + 2, COUNT(verbs) + 2 };
}
