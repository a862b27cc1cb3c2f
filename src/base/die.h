/*
 * base/die.h - the end of the process, for what would be worse to go on with: no memory, no random numbers.
 * Never for input, peers, the disk or the database.
 */
#pragma once

#include "base/base.h"

/* Says why on standard error and aborts. */
_Noreturn void die(const char *fmt, ...) PRINTF_LIKE(1, 2);
