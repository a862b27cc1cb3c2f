#include "tests/cm.h"

#include "tests/contract/scratch_int.h"

#include "base/arena.h"
#include "base/secret.h"
#include "base/str.h"
#include "db/url.h"

#include <mysql.h>

void scratch_mariadb_run(const char *url, const char *sql)
{
	struct arena *arena = arena_new("scratch");
	MYSQL *mysql = mysql_init(NULL);
	struct db_url parsed;

	assert_int_equal(db_url_parse(str_from(url), arena, &parsed, NULL), OK);
	if (!mysql_real_connect(mysql, str_cstr(arena, parsed.hosts[0].name),
		str_cstr(arena, parsed.user), str_cstr(arena, secret_view(&parsed.password)),
		NULL, (unsigned)parsed.hosts[0].port, NULL, 0) ||
	    mysql_query(mysql, sql) != 0)
		fail_msg("%s: %s", sql, mysql_error(mysql));
	mysql_close(mysql);
	db_url_release(&parsed);
	arena_free(&arena);
}
