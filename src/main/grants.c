#include "main/grants.h"

#include "base/str.h"
#include "main/lockin.h"
#include "main/wire.h"

#include <sys/stat.h>

#define OWN_FILES (LOCKIN_READ | LOCKIN_WRITE | LOCKIN_MAKE | LOCKIN_REMOVE)

/* The folder too, since a rotation makes the file anew; but a terminal or a pipe is alone among others. */
static void grant_log(struct lockin *lockin, struct str file)
{
	struct stat about;

	if (file.n == 0)
		return;
	if (stat(file.p, &about) == 0 && !S_ISREG(about.st_mode))
		lockin_grant(lockin, file, LOCKIN_WRITE);
	else
		lockin_grant_around(lockin, file, LOCKIN_WRITE | LOCKIN_MAKE);
}

void grants_of(const struct wire *wire, struct lockin *lockin)
{
	const struct site *site = wire->site;
	const struct settings *s = site->settings;
	const char *path;

	lockin_grant_system(lockin);
	lockin_grant_around(lockin, str_from(site->conf_path), LOCKIN_READ);
	lockin_grant_around(lockin, s->tls_certificate, LOCKIN_READ);
	lockin_grant_around(lockin, s->tls_key, LOCKIN_READ);
	lockin_grant(lockin, s->spool, OWN_FILES);
	grant_log(lockin, s->log_file);
	if (site->database_path)
		lockin_grant_around(lockin, str_from(site->database_path), OWN_FILES);
	/* sockets are removed at the end */
	for (size_t i = 0; (path = reactor_unix_path(wire->reactor, i)); i++)
		lockin_grant_around(lockin, str_from(path), LOCKIN_REMOVE);
}
