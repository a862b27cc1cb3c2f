/* store/auth_keys_sql.c - the statements of auth_keys and site_secrets. */
#include "store/auth_keys_int.h"

const struct db_sql sql_auth_keys_read = {
	.name = "auth_keys.read",
	.text = "SELECT mechanism, data FROM auth_keys "
		"WHERE user_idnr = ? AND made_from = ? ORDER BY mechanism",
};

const struct db_sql sql_auth_key_update = {
	.name = "auth_keys.update",
	.text = "UPDATE auth_keys SET made_from = ?, data = ? "
		"WHERE user_idnr = ? AND mechanism = ?",
};

const struct db_sql sql_auth_key_insert = {
	.name = "auth_keys.insert",
	.text = "INSERT INTO auth_keys (made_from, data, user_idnr, mechanism) "
		"VALUES (?, ?, ?, ?)",
};

/* Plain text needs no keys: they are made from it when they are wanted. */
#define MISSING                                                                                \
	"SELECT u.user_idnr FROM dbmail_users u "                                              \
	"WHERE u.user_idnr > 3 AND u.active <> 0 AND u.passwd <> '' "                          \
	"AND lower(u.encryption_type) NOT IN ('', 'plaintext') "                               \
	"AND NOT EXISTS (SELECT 1 FROM auth_keys k WHERE k.user_idnr = u.user_idnr "           \
	"AND k.mechanism = ? AND k.made_from = u.passwd) "

const struct db_sql sql_auth_keys_missing = {
	.name = "auth_keys.missing",
	.text = MISSING "LIMIT 1",
};

const struct db_sql sql_auth_keys_missing_one = {
	.name = "auth_keys.missing_one",
	.text = MISSING "AND u.user_idnr = ?",
};

const struct db_sql sql_site_secret = {
	.name = "site_secrets.get",
	.text = "SELECT value FROM site_secrets WHERE name = ?",
};

const struct db_sql sql_site_secret_insert = {
	.name = "site_secrets.make",
	.text = "INSERT INTO site_secrets (name, value) VALUES (?, ?)",
};
