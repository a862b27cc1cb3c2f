/*
 * main/privileges.h - the server never needs root: what it does as root is binding and reading keys, before this.
 */
#pragma once

#include "base/base.h"

/*
 * Become `user` (a name or a number) with its groups, for good, give up every capability, and forbid ever gaining rights again. Before any thread
 * exists. Without root nothing is to be done, and that is OK. Root without a user to become: ERR_DENIED.
 */
NODISCARD enum errc privileges_drop(struct str user, struct err *err);

/*
 * For commands: become `user`, or the owner of `path` (of its folder if it is not there), so that no file of root's is left in
 * a folder that a server of another user works in. Nothing is done unless root runs us. ERR_NOTFOUND: no such user.
 */
NODISCARD enum errc privileges_become_user(const char *user, struct err *err);
NODISCARD enum errc privileges_become_owner(const char *path, struct err *err);

/*
 * As root: files are made, and folders entered, as `user` would, on this thread, until privileges_files_own: what is made
 * is his, and root follows no link that he has laid. Otherwise nothing is done. ERR_NOTFOUND: no such user.
 */
NODISCARD enum errc privileges_files_as(struct str user, struct err *err);
void privileges_files_own(void);

/* As many file descriptors as the system lets us have, up to `wanted`; what there is now in *have_out. */
void privileges_raise_descriptors(uint64_t wanted, uint64_t *have_out);
