/*
 * base/banned.h - calls that must not be used; forced into each compilation.
 *
 * The system's headers that declare or use the names come first, then the poison.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* with clang and _FORTIFY_SOURCE glibc makes macros of these two, and macros cannot be poisoned */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf gets atoi atol atoll  \
    atof
