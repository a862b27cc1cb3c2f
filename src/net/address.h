/*
 * net/address.h - socket addresses as text.
 */
#pragma once

#include "base/base.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

/* Room for an address and its NUL. */
#define ADDRESS_TEXT_MAX 64

/* "192.0.2.1", "2001:db8::1", "" for a unix socket; NUL-terminated. An IPv4-mapped address is shown as IPv4. */
struct str address_text(const union address *address, char out[ADDRESS_TEXT_MAX]);

uint16_t address_port(const union address *address);

/* 127/8, ::1 or a unix socket. */
bool address_is_loopback(const union address *address);

/*
 * What stands for one peer in limits: an IPv4 address, or the /64 of an IPv6 one. Borrowed from `address`;
 * empty for a unix socket.
 */
struct str address_key(const union address *address);

/* A numeric IPv4 or IPv6 address. ERR_SYNTAX. */
NODISCARD enum errc address_parse(
    const char *text, uint16_t port, union address *address_out, socklen_t *size_out);
