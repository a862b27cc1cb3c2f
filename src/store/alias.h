/*
 * store/alias.h - addresses (dbmail_aliases) and domains. Lookups are by lower-case form.
 */
#pragma once

#include "store/store.h"

struct alias {
	int64_t id;
	struct str address;
	struct str
	    target; /* all digits: an account id; else an address, "|command" or "!command" */
	int64_t client;
};

/* All targets of an address (exact, case-insensitive), rows that point to themselves included. May be none. */
NODISCARD enum errc alias_lookup(struct db *db, struct str address, struct arena *arena,
    struct alias **rows_out, size_t *count_out, struct err *err);

/* Not empty, UTF-8 without control characters, not all digits (that would read as an account id), at most
 * ALIAS_ADDRESS_MAX bytes. "@example.org" is everybody there, "ann@" is ann everywhere. ERR_ARG says what is wrong. */
#define ALIAS_ADDRESS_MAX 320 /* RFC 5321 4.5.3.1: 64 and 255 octets and the @ */
NODISCARD enum errc alias_address_check(struct str address, struct err *err);

/* ERR_EXISTS if the same pair is there. */
NODISCARD enum errc alias_add(struct store *store, struct str address, struct str target,
    int64_t client, struct err *err);

/* Removes one target, or all of the address when `target` is empty. ERR_NOTFOUND. */
NODISCARD enum errc alias_remove(
    struct store *store, struct str address, struct str target, struct err *err);

/* Every alias in the order of addresses; `pointing_to` != 0: only those whose target is that account. */
NODISCARD enum errc alias_each(struct db *db, int64_t pointing_to,
    enum errc (*each)(const struct alias *alias, void *arg), void *arg, struct err *err);

enum domain_kind { DOMAIN_LOCAL, DOMAIN_RELAY, DOMAIN_BACKUP };

struct domain {
	struct str name;
	enum domain_kind kind;
	bool active;
	struct str description;
};

/* "local", "relay", "backup", as in the table. */
struct str domain_kind_name(enum domain_kind kind);
bool domain_kind_of(struct str name, enum domain_kind *kind_out);

/* Labels of letters, digits, '-' and '_', 253 bytes; others in their xn-- form. ERR_ARG says what is wrong. */
NODISCARD enum errc domain_name_check(struct str name, struct err *err);

NODISCARD enum errc domain_get(struct db *db, struct str name, struct arena *arena,
    struct domain *domain_out, struct err *err);
NODISCARD enum errc domain_add(
    struct store *store, const struct domain *domain, struct err *err);
NODISCARD enum errc domain_set_active(
    struct store *store, struct str name, bool active, struct err *err);
NODISCARD enum errc domain_remove(struct store *store, struct str name, struct err *err);
NODISCARD enum errc domain_each(struct db *db,
    enum errc (*each)(const struct domain *domain, void *arg), void *arg, struct err *err);

/* Is the domain ours: a row in domains, or (as DBMail's recipes see it) the domain of an alias or a login? */
NODISCARD enum errc domain_is_local(
    struct db *db, struct str name, bool *local_out, struct err *err);
