/*
 * authd/dovecot_request.h - one AUTH of Dovecot's protocol, from its line to OK or FAIL.
 */
#pragma once

#include "authd/authd.h"
#include "authd/dovecot_line.h"

struct dovecot_request;

/* Where it stands. */
enum dovecot_stand {
	DOVECOT_ASKS,	  /* the client's next message is waited for */
	DOVECOT_WORKS,	  /* waits to be woken, or for its time */
	DOVECOT_TICKET,	  /* needs the database */
	DOVECOT_ANSWERED, /* OK or FAIL is on its way */
	DOVECOT_LOST,	  /* nobody can look at the password now; nothing has been said */
};

/* Begins: what is to be said to the client is appended to host->out. */
struct dovecot_request *dovecot_request_new(const struct authd_env *env, struct session *host,
    uint32_t id, const struct dovecot_auth *auth);
/* What is under way ends without an answer. */
void dovecot_request_free(struct dovecot_request **requestp);

uint32_t dovecot_request_id(const struct dovecot_request *request);
enum dovecot_stand dovecot_request_stand(const struct dovecot_request *request);

/* The client's next message, of one that asks. */
void dovecot_request_line(struct dovecot_request *request, struct str line);
/* Goes on with one that works or needs the database, if it can; and ends one whose time is over. */
void dovecot_request_run(struct dovecot_request *request);

/* It is over: answered, or lost. */
bool dovecot_request_is_over(const struct dovecot_request *request);

/* The monotonic time at which it wants to be run; 0: none. */
int64_t dovecot_request_wake_ms(const struct dovecot_request *request);

/* FAIL, where there is no request. `reason`, a constant, may be told to the client. */
void dovecot_say_failed(struct buf *out, uint32_t id, bool temporary, const char *reason);
