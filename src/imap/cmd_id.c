/*
 * imap/cmd_id.c - ID (RFC 2971): what the client is goes to the log, what we are to the client.
 */
#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "mime/structure.h"

#include <sys/utsname.h>

static struct str value_of(const struct imap_session *s, struct str key)
{
	for (size_t i = 0; i < s->command.id.count; i++)
		if (str_equal_nocase(s->command.id.pairs[i].key, key))
			return s->command.id.pairs[i].value;
	return STR_EMPTY;
}

/* RFC 2971 3.3 defines what the fields are called. */
static void log_client(const struct imap_session *s)
{
	log_info(s->base.log, "client-id", F_STR("name", value_of(s, STR("name"))),
	    F_STR("version", value_of(s, STR("version"))), F_STR("os", value_of(s, STR("os"))),
	    F_STR("os-version", value_of(s, STR("os-version"))),
	    F_STR("vendor", value_of(s, STR("vendor"))));
}

static void add_pair(struct buf *out, const char *key, const char *value)
{
	if (out->p[out->n - 1] != '(')
		buf_add_char(out, ' ');
	(void)imap_add_string(out, str_from(key));
	buf_add_char(out, ' ');
	(void)imap_add_string(out, str_from(value));
}

enum imap_run imap_run_id(struct imap_session *s)
{
	struct buf *out = &s->base.out;
	struct utsname os;

	log_client(s);
	BUF_ADD(out, "* ID (");
	add_pair(out, "name", "Tabella");
	add_pair(out, "version", TABELLA_VERSION);
	if (uname(&os) == 0) {
		add_pair(out, "os", os.sysname);
		add_pair(out, "os-version", os.release);
	}
	BUF_ADD(out, ")\r\n");
	imap_reply(s, REPLY_OK, NULL, "pleased to meet you");
	return RUN_DONE;
}
