/*
 * store/access.h - what an account may do beside having mail: rows of account_settings named "services", "tls" and "login".
 *
 * A missing row is the default: every service, TLS as the service asks for it, login. Rows made by hand that say
 * something else than we would are taken at their strictest.
 */
#pragma once

#include "store/store.h"

/* Services that people log in to; bits. */
enum account_service {
	ACCOUNT_IMAP = 1 << 0,
	ACCOUNT_POP3 = 1 << 1,
	ACCOUNT_SMTP = 1 << 2, /* submission */
	ACCOUNT_SIEVE = 1 << 3,
	ACCOUNT_HTTP = 1 << 4,
};
#define ACCOUNT_SERVICES_ALL ((unsigned)(ACCOUNT_HTTP << 1) - 1)

struct account_access {
	unsigned services; /* enum account_service */
	bool needs_tls;	   /* no login without TLS, not from this machine either */
	bool login;	   /* mail is taken in any case */
};

#define ACCOUNT_ACCESS_DEFAULT                                                                 \
	((struct account_access){ .services = ACCOUNT_SERVICES_ALL, .login = true })

NODISCARD enum errc account_access_read(
    struct db *db, int64_t account, struct account_access *access_out, struct err *err);

/* Inside a transaction: rows that say it, none for what is the default. */
NODISCARD enum errc account_access_write(
    struct db *db, int64_t account, const struct account_access *access, struct err *err);

/* "imap,smtp" with commas or spaces between; "all", "none". ERR_ARG names the word that is no service. */
NODISCARD enum errc account_services_parse(
    struct str text, unsigned *services_out, struct err *err);

/* "imap smtp", "none": in the arena. */
struct str account_services_text(struct arena *arena, unsigned set);
