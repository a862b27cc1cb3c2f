/*
 * tests/contract/scratch_int.h - one statement of an administrator at a server, by the engine's library. What goes wrong
 * fails the test; in a program that was built without the library everything does.
 */
#pragma once

void scratch_pgsql_run(const char *url, const char *sql);
void scratch_mariadb_run(const char *url, const char *sql);
