#include "tests/cm.h"

#include "tests/contract/scratch_int.h"

void scratch_mariadb_run(const char *url, const char *sql)
{
	(void)url;
	fail_msg("built without MariaDB: %s", sql);
}
