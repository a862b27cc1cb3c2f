/*
 * store/verify.c - the order of the checks.
 */
#include "store/verify_int.h"

#include "base/str.h"

#include <stdarg.h>

#define LEASE_WAIT_MS 10000
#define TEXT_ROOM 300

void verify_say(struct verify *v, const char *fmt, ...)
{
	char text[TEXT_ROOM];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	v->report.problems++;
	if (v->problem)
		v->problem(v->arg, str_from(text));
}

enum errc store_verify(struct store *store, void (*problem)(void *arg, struct str text),
    void *arg, struct verify_report *report_out, struct err *err)
{
	static enum errc (*const checks[])(struct verify * v, struct err * err) = {
		verify_accounts, verify_mailboxes, verify_objects, verify_blobs, verify_refs
	};
	struct verify v = { .store = store, .problem = problem, .arg = arg };
	enum errc rc = db_lease(store->settings.pool, LEASE_WAIT_MS, &v.db, err);

	for (size_t i = 0; rc == OK && i < COUNT(checks); i++)
		rc = checks[i](&v, err);
	db_return(&v.db);
	*report_out = v.report;
	return rc;
}
