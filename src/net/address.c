#include "net/address.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <string.h>

/* The four bytes of IPv4 in "::ffff:192.0.2.1", or NULL. */
static const unsigned char *mapped_ipv4(const union address *address)
{
	if (address->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return NULL;
	return address->in6.sin6_addr.s6_addr + 12;
}

struct str address_text(const union address *address, char out[ADDRESS_TEXT_MAX])
{
	const unsigned char *mapped = mapped_ipv4(address);
	const char *text = NULL;

	if (mapped)
		text = inet_ntop(AF_INET, mapped, out, ADDRESS_TEXT_MAX);
	else if (address->sa.sa_family == AF_INET)
		text = inet_ntop(AF_INET, &address->in.sin_addr, out, ADDRESS_TEXT_MAX);
	else if (address->sa.sa_family == AF_INET6)
		text = inet_ntop(AF_INET6, &address->in6.sin6_addr, out, ADDRESS_TEXT_MAX);
	if (!text)
		out[0] = 0;
	return str_from(out);
}

uint16_t address_port(const union address *address)
{
	if (address->sa.sa_family == AF_INET)
		return ntohs(address->in.sin_port);
	if (address->sa.sa_family == AF_INET6)
		return ntohs(address->in6.sin6_port);
	return 0;
}

bool address_is_loopback(const union address *address)
{
	const unsigned char *mapped = mapped_ipv4(address);

	if (mapped)
		return mapped[0] == 127;
	if (address->sa.sa_family == AF_INET)
		return ntohl(address->in.sin_addr.s_addr) >> 24 == 127;
	if (address->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
	return address->sa.sa_family == AF_UNIX;
}

struct str address_key(const union address *address)
{
	const unsigned char *mapped = mapped_ipv4(address);

	if (mapped)
		return (struct str){ (const char *)mapped, 4 };
	if (address->sa.sa_family == AF_INET)
		return (struct str){ (const char *)&address->in.sin_addr, 4 };
	if (address->sa.sa_family == AF_INET6)
		return (struct str){ (const char *)&address->in6.sin6_addr, 8 };
	return STR_EMPTY;
}

enum errc address_parse(
    const char *text, uint16_t port, union address *address_out, socklen_t *size_out)
{
	union address address;

	memset(&address, 0, sizeof(address));
	if (inet_pton(AF_INET, text, &address.in.sin_addr) == 1) {
		address.in.sin_family = AF_INET;
		address.in.sin_port = htons(port);
		*size_out = sizeof(address.in);
	} else if (inet_pton(AF_INET6, text, &address.in6.sin6_addr) == 1) {
		address.in6.sin6_family = AF_INET6;
		address.in6.sin6_port = htons(port);
		*size_out = sizeof(address.in6);
	} else {
		return ERR_SYNTAX;
	}
	*address_out = address;
	return OK;
}
