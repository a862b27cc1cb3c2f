/*
 * cli/user.h - shared by the commands about accounts.
 */
#pragma once

#include "cli/command.h"
#include "store/account.h"

/* A password that options gave, or one that was made up, and what is stored of it. Texts in the command's arena. */
struct user_password {
	struct str text;
	bool made_up; /* to be shown once */
	struct str stored, encryption;
	struct auth_key *keys;
	size_t key_count;
};

/* By --password, --password-stdin and --scheme. The keys come later: they need the site. */
NODISCARD enum errc user_password_read(struct cli *cli, const struct cli_args *args,
    struct user_password *password_out, struct err *err);

/* Keys for logins that do not send it, under that login name. A password stored as it is needs none. */
NODISCARD enum errc user_password_keys(struct arena *arena, struct site *site, struct str name,
    struct user_password *password, struct err *err);

/* The account that a word names: a login, or "#" and its number. */
NODISCARD enum errc user_find(struct cli *cli, struct site *site, struct str word,
    struct account *account_out, struct err *err);
