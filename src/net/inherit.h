/*
 * net/inherit.h - listening sockets that whoever starts us has opened: systemd's socket activation (sd_listen_fds(3)),
 * by hand.
 *
 * They are matched with the configuration by their address, or by their name (FileDescriptorName= of the socket unit).
 */
#pragma once

#include "net/address.h"

struct inherited;

#define INHERITED_MAX 64
#define INHERITED_NAME_MAX 255 /* as systemd has it */

/* What the environment says; NULL for a variable that is not set. */
struct inherited_words {
	const char *pid, *fds, *names; /* LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES */
};

/*
 * The sockets from descriptor `first` on (sd_listen_fds begins with 3), now non-blocking and closed in children;
 * none if the words are not there or for another process. ERR_ARG: a word that makes no sense, a descriptor that is
 * no listening stream socket; ERR_LIMIT: more than INHERITED_MAX.
 */
NODISCARD enum errc inherited_new(
    struct inherited_words words, int first, struct inherited **inherited_out, struct err *err);

/* The same from the environment, which then says nothing any more: children do not inherit. */
NODISCARD enum errc inherited_from_environment(
    struct inherited **inherited_out, struct err *err);

/* Closes what nobody took; accepts a pointer to NULL. */
void inherited_free(struct inherited **inheritedp);

/* The next socket that is bound there, which is the caller's now; -1: there is none. `inherited` may be NULL. */
int inherited_take_address(struct inherited *inherited, const union address *address);
int inherited_take_name(struct inherited *inherited, struct str name);

bool inherited_has_name(const struct inherited *inherited, struct str name);

/* Is there a socket of that port for both families? */
bool inherited_has_dual(const struct inherited *inherited, uint16_t port);

/* The name and address of the i-th that nobody took; false: there is none. For the log. */
bool inherited_left(const struct inherited *inherited, size_t i, struct str *name_out);
