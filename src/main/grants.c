#include "main/grants.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/url.h"
#include "main/lockin.h"
#include "main/wire.h"

#include <limits.h>
#include <stdlib.h>

#define OWN_FILES (LOCKIN_READ | LOCKIN_WRITE | LOCKIN_MAKE | LOCKIN_REMOVE)

#define PGSQL_PORT 5432
#define MARIADB_PORT 3306
#define DNS_PORT 53 /* by TCP where an answer is long */

static void grant_host(
    struct lockin *lockin, const struct db_url_host *host, enum db_engine engine)
{
	int port = host->port != 0 ? host->port
	    : engine == DB_PGSQL   ? PGSQL_PORT
				   : MARIADB_PORT;

	lockin_grant_connect(lockin, str_starts(host->name, STR("/")) ? 0 : port);
}

/* What the engines' libraries look for by themselves: who we are, passwords, certificates, authorities. */
static void grant_client_files(struct lockin *lockin)
{
	static const char *const of_home[] = { ".pgpass", ".postgresql" };
	static const char *const of_system[] = { "/etc/passwd", "/etc/group", "/etc/ssl/certs",
		"/usr/share/ca-certificates", "/usr/local/share/ca-certificates" };
	const char *home = getenv("HOME"), *file = getenv("PGPASSFILE");
	char target[PATH_MAX];

	for (size_t i = 0; i < COUNT(of_system); i++)
		lockin_grant(lockin, str_from(of_system[i]), LOCKIN_READ);
	for (size_t i = 0; home && i < COUNT(of_home); i++)
		lockin_grant(
		    lockin, str_printf(lockin->arena, "%s/%s", home, of_home[i]), LOCKIN_READ);
	if (file)
		lockin_grant(lockin, str_from(file), LOCKIN_READ);
	/* often a link to what is replaced when the network changes; the whole of /etc is too much */
	if (realpath("/etc/resolv.conf", target) && !str_starts(str_from(target), STR("/etc/")))
		lockin_grant_around(lockin, str_from(target), LOCKIN_READ);
}

/* The server may be gone and another one have its name: connections are made as long as the process lives. */
static void grant_server(const struct database *database, struct lockin *lockin)
{
	struct db_url url;

	/* what cannot be parsed was not opened */
	if (db_url_parse(secret_view(&database->url), lockin->arena, &url, NULL) != OK)
		return;
	for (size_t i = 0; i < url.host_count; i++)
		grant_host(lockin, &url.hosts[i], url.engine);
	lockin_grant_connect(lockin, DNS_PORT);
	grant_client_files(lockin);
	/* certificates and keys of TLS */
	for (size_t i = 0; i < url.option_count; i++) {
		if (str_starts(url.options[i].value, STR("/")))
			lockin_grant_around(lockin, url.options[i].value, LOCKIN_READ);
	}
	db_url_release(&url);
}

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
	else
		grant_server(&site->database, lockin);
	/* sockets are removed at the end */
	for (size_t i = 0; (path = reactor_unix_path(wire->reactor, i)); i++)
		lockin_grant_around(lockin, str_from(path), LOCKIN_REMOVE);
}
