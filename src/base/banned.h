/*
 * base/banned.h - calls that must not be used; forced into each compilation.
 *
 * The system's headers that declare or use the names come first, then the poison.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* given to the files of the MariaDB driver: that header has strncpy in macros which nobody here uses */
#ifdef USES_MYSQL_H
#include <mysql.h>
#endif

/* with clang and _FORTIFY_SOURCE glibc makes macros of these two, and macros cannot be poisoned */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf gets atoi atol atoll  \
    atof
