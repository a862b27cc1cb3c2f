/* main/lockin_plain.c - a build without sanitizers needs nothing besides. */
#include "main/lockin_int.h"

static const char *const none[] = { NULL };

const struct lockin_extra lockin_extra = { .call = none, .read = none };
