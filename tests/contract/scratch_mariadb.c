#include "tests/cm.h"

#include "tests/contract/scratch_int.h"

#include "base/arena.h"
#include "base/secret.h"
#include "base/str.h"
#include "db/url.h"

#include <mysql.h>

void scratch_mariadb_run(const char *text, const char *sql)
{
	struct arena *arena = arena_new("scratch");
	MYSQL *mysql = mysql_init(NULL);
	struct db_url url;

	assert_int_equal(db_url_parse(str_from(text), arena, &url, NULL), OK);
	if (!mysql_real_connect(mysql, str_cstr(arena, url.hosts[0].name),
		str_cstr(arena, url.user), str_cstr(arena, secret_view(&url.password)), NULL,
		(unsigned)url.hosts[0].port, NULL, 0) ||
	    mysql_query(mysql, sql) != 0)
		fail_msg("%s: %s", sql, mysql_error(mysql));
	mysql_close(mysql);
	db_url_release(&url);
	arena_free(&arena);
}
