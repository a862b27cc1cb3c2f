/*
 * imap/cmd_id.c - ID (RFC 2971): what the client is goes to the log, what we are to the client.
 */
#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "mime/structure.h"

#include <sys/utsname.h>

/* Names under which the first fields are logged; RFC 2971 3.3 defines what they are called. */
static const struct {
	struct str key;
	const char *name;
} logged[] = {
	{ STR_INIT("name"), "name" },
	{ STR_INIT("version"), "version" },
	{ STR_INIT("os"), "os" },
	{ STR_INIT("os-version"), "os-version" },
	{ STR_INIT("vendor"), "vendor" },
};

static struct str value_of(const struct imap_session *s, struct str key)
{
	for (size_t i = 0; i < s->command.id.count; i++)
		if (str_equal_nocase(s->command.id.pairs[i].key, key))
			return s->command.id.pairs[i].value;
	return STR_EMPTY;
}

static void log_client(struct imap_session *s)
{
	struct log_field field[COUNT(logged) + 1] = { { .name = NULL } };
	size_t count = 1;

	if (!log_is_on(s->base.log, LOG_LEVEL_INFO))
		return;
	for (size_t i = 0; i < COUNT(logged); i++) {
		struct str value = value_of(s, logged[i].key);

		if (value.n > 0)
			field[count++] = F_STR(logged[i].name, value);
	}
	log_write(s->base.log, LOG_LEVEL_INFO, "client-id", field, count);
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
