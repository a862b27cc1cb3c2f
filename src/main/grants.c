#include "main/grants.h"

#include "base/str.h"
#include "main/lockin.h"
#include "main/wire.h"

#define OWN_FILES (LOCKIN_READ | LOCKIN_WRITE | LOCKIN_MAKE | LOCKIN_REMOVE)

void grants_of(const struct wire *wire, struct lockin *lockin)
{
	const struct site *site = wire->site;
	const struct settings *s = site->settings;
	const char *path;

	lockin_grant_system(lockin);
	if (!site->helper)
		files_grant(&site->files, lockin);
	lockin_grant(lockin, s->spool, OWN_FILES);
	if (site->database.file)
		lockin_grant_around(lockin, str_from(site->database.file), OWN_FILES);
	/* sockets are removed at the end */
	for (size_t i = 0; (path = reactor_unix_path(wire->reactor, i)); i++)
		lockin_grant_around(lockin, str_from(path), LOCKIN_REMOVE);
}
