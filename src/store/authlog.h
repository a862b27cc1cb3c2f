/*
 * store/authlog.h - DBMail's journal of logins (dbmail_authlog): a row at a login, 'active', made 'closed' with its end
 * and the bytes at logout; a row 'failed' for a wrong password.
 *
 * Rows are batched, written within 5 s, and may be lost with the process (DESIGN.md, law 2). Any thread.
 */
#pragma once

#include "store/store.h"

/* Longer names are cut, at a character: what a stranger types is no reason for a larger row. */
#define AUTHLOG_NAME_MAX 100

/* Borrowed during the call. */
struct authlog_login {
	struct str user;	   /* as given */
	struct str service;	   /* "imap" */
	struct str source, target; /* addresses of the peer and ours */
	uint16_t source_port, target_port;
};

struct authlog_entry;

/* Somebody logged in. To be ended with authlog_close. */
struct authlog_entry *authlog_open(struct store *store, const struct authlog_login *login);

/* The session has ended: bytes that came and went. *entryp = NULL; accepts a pointer to NULL. */
void authlog_close(struct authlog_entry **entryp, uint64_t received, uint64_t sent);

void authlog_failed(struct store *store, const struct authlog_login *login);
