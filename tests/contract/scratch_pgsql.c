#include "tests/cm.h"

#include "tests/contract/scratch_int.h"

#include <libpq-fe.h>

void scratch_pgsql_run(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result;

	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}
