#include "tests/cm.h"

#include "tests/contract/scratch_int.h"

void scratch_pgsql_run(const char *url, const char *sql)
{
	(void)url;
	fail_msg("built without PostgreSQL: %s", sql);
}
