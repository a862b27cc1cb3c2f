/*
 * main/lockin_sanitizer.c - for builds with a sanitizer, in place of lockin_plain.c.
 *
 * Its leak checker makes a process that shares our memory and traces every thread; its reports read the program for
 * the names of functions.
 */
#include "main/lockin_int.h"

static const char *const calls[] = {
	"clone",
	"getdents",
	"personality",
	"pipe",
	"pipe2",
	"prctl",
	"ptrace",
	"sched_getaffinity",
	"tgkill",
	"wait4",
	NULL,
};

static const char *const readable[] = { "/proc/self/exe", NULL };

const struct lockin_extra lockin_extra = { .call = calls, .read = readable, .threads = 1 };
