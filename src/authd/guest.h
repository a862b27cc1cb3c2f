/*
 * authd/guest.h - the login of somebody who is connected to another program. To auth/login.h he is a session of his own,
 * with the address and the TLS that the program says he has; tickets, time and waking are those of the program's
 * connection.
 */
#pragma once

#include "auth/login.h"

/* What the program says of its client. Copied. */
struct guest_client {
	struct str address, local_address; /* numeric; empty: it did not say */
	uint16_t port, local_port;
	bool is_local; /* it counts as on this machine, whatever the address */
	bool tls;
	struct str tls_name; /* protocol and cipher, for the log */
};

struct guest;

/* `host` and `service` outlive it. */
struct guest *guest_new(const struct login_service *service, struct session *host,
    const struct guest_client *client);
void guest_free(struct guest **guestp);

/* For login_sasl, login_line, login_password, login_result: it stays the guest's. */
struct login *guest_login(const struct guest *guest);

/* With what is known of him: for whom he is, and his address. */
const struct log *guest_log(const struct guest *guest);

/* login_run, with the ticket that the host has now. */
enum login_next guest_run(struct guest *guest);

/* The monotonic time at which LOGIN_WAIT wants to run again; 0: when it is woken. */
int64_t guest_wake_ms(const struct guest *guest);
