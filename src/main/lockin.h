/*
 * main/lockin.h - from here on the process reaches the files that were granted to it and nothing else: it runs no
 * program, makes no socket and connects nowhere unless that was granted, touches no other process. For good, for it and for all its threads.
 *
 * Landlock holds the files (and TCP, where the kernel can), a filter of system calls (seccomp) holds the rest. Before
 * any thread exists: what is locked is the calling thread and what it starts.
 */
#pragma once

#include "base/base.h"

enum lockin_mode {
	LOCKIN_OFF,
	LOCKIN_LOG, /* nothing is refused; the kernel's log names the system calls that would be */
	LOCKIN_ON,
};

/* What may be done with a file, or with everything below a folder. */
enum lockin_access {
	LOCKIN_READ = 1 << 0,
	LOCKIN_WRITE = 1 << 1,	/* files that are there */
	LOCKIN_MAKE = 1 << 2,	/* files and nothing else: make, rename within the folder */
	LOCKIN_REMOVE = 1 << 3, /* files, sockets */
};

/* Twice as many as listeners, who may be at unix sockets, and what is named besides. */
#define LOCKIN_GRANTS_MAX 256

/* Folders of libraries; a program with libraries all over the place does without some. */
#define LOCKIN_LIBRARIES_MAX 64

/* Ports of database servers. */
#define LOCKIN_PORTS_MAX 32

struct lockin_grant {
	const char *path;
	unsigned access; /* enum lockin_access */
};

struct arena;
struct lockin {
	struct arena *arena; /* of the paths */
	struct lockin_grant grant[LOCKIN_GRANTS_MAX];
	size_t grants;
	uint16_t port[LOCKIN_PORTS_MAX];
	size_t ports;
	bool connects; /* sockets may be made, and connected to unix sockets and these ports */
	const char *const
	    *call; /* system calls, NULL behind the last; NULL: those of the server */
};

/* Copies `path`. What is not there when the lock-in comes is left out: it could not be opened either. */
void lockin_grant(struct lockin *lockin, struct str path, unsigned access);

/* The folder of a file, and the folder of what it is a link to: files that others replace by renaming. */
void lockin_grant_around(struct lockin *lockin, struct str file, unsigned access);

/*
 * Connections may be made: to unix sockets, and by TCP to this port (0: to unix sockets only). Which machine cannot be
 * said. By UDP there is no limit, since names are looked up by it.
 */
void lockin_grant_connect(struct lockin *lockin, int port);

/* What the system's libraries read late: themselves and their modules, their configuration, the resolver's files. */
void lockin_grant_system(struct lockin *lockin);

struct lockin_report {
	int landlock; /* the version in use; 0: the kernel has none, or the mode does not want it */
	bool seccomp; /* system calls are filtered, or logged */
};

/*
 * Locks. What the kernel does not have is in the report and is no error. ERR_DENIED: it has it, and refused.
 * ERR_STATE: there are other threads, which would stay free.
 * no_new_privs is set (main/privileges.h).
 */
NODISCARD enum errc lockin_apply(const struct lockin *lockin, enum lockin_mode mode,
    struct lockin_report *report_out, struct err *err);
