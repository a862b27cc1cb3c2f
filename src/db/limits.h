/*
 * db/limits.h - what a database url may hold, and what a server may take and send.
 */
#pragma once

#define DB_URL_MAX 4096	      /* bytes of its text */
#define DB_URL_HOSTS_MAX 16   /* tried one after the other */
#define DB_URL_OPTIONS_MAX 32 /* behind the '?' */

/* A url as we write it: each byte may become three, and a few are ours. */
#define DB_URL_TEXT_MAX ((size_t)DB_URL_MAX * 4)

/* PostgreSQL. A notification may be up to 7,999 bytes; a change is at least 8 of them. */
#define PGSQL_PAYLOAD_MAX ((size_t)7900)
#define PGSQL_CHANGES_MAX ((size_t)1000)
#define PGSQL_PARAMS_MAX 65535 /* of a statement: a 16-bit count */
#define PGSQL_CONNECT_MS 5000  /* for one host, unless the url says connect_timeout */
#define PGSQL_QUERY_MS 60000   /* for one statement, unless the url says statement_timeout */
#define PGSQL_GRACE_MS 5000    /* longer than that we wait for the server to end it by itself */

/* For one statement where people wait for the end of long work: a step of the schema, a look at every row. */
#define DB_PATIENT_MS 7200000
