/*
 * main/files.h - the files that are opened at the start and again on reload: configuration, certificates with their
 * keys, log. Which ones is fixed at the start.
 */
#pragma once

#include "base/base.h"

enum files_what { FILES_CONFIGURATION, FILES_CERTIFICATES, FILES_LOG };

/* Absolute paths that live as long as the program; NULL or empty: none. */
struct files {
	const char *configuration;
	const char *certificate, *key; /* the first pair */
	const char *certificates;      /* a folder with more */
	const char *log;
};

#define FILES_PATH_MAX 512

/* One file, or a certificate and its key. */
struct opened {
	size_t count; /* 1 or 2 */
	char path[2][FILES_PATH_MAX];
	int fd[2]; /* closed after `take`, which may duplicate it */
};

struct files_taker {
	enum errc (*take)(void *arg, const struct opened *opened, struct err *err);
	void *arg;
};

/*
 * Opens and hands over, one after the other: first the pair certificate and key, then those of the folder by name:
 * NAME.pem or NAME.crt with NAME.key beside it, and NAME/fullchain.pem with NAME/privkey.pem, as ACME clients leave them.
 * What is no pair is passed over. Ends at the first error, of `take` or its own, which names the path.
 */
NODISCARD enum errc files_open(const struct files *files, enum files_what what,
    const struct files_taker *taker, struct err *err);

/* What files_open will need once locked in, also for files that others replace. */
struct lockin;
void files_grant(const struct files *files, struct lockin *lockin);
