/*
 * main/lockin_sanitizer.c - for builds with a sanitizer, in place of lockin_plain.c.
 *
 * Its leak checker makes a process that shares our memory and traces every thread; its reports read the program for
 * the names of functions. The helper's short list lacks what every thread of theirs does.
 */
#include "main/lockin_int.h"

static const char *const calls[] = {
	"clone",
	"getdents",
	"getpid",
	"gettid",
	"personality",
	"pipe",
	"pipe2",
	"prctl",
	"ptrace",
	"rt_sigaction",
	"sched_getaffinity",
	"sched_yield",
	"sigaltstack",
	"tgkill",
	"wait4",
	NULL,
};

static const char *const readable[] = { "/proc/self/exe", NULL };

const struct lockin_extra lockin_extra = { .call = calls, .read = readable, .threads = 1 };
