#include "net/network.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <string.h>

/* Every address as 16 bytes: IPv4 in its mapped form (RFC 4291 2.5.5.2). */
static bool parse_address(struct str text, uint8_t out[16], bool *is_v4_out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char cstr[INET6_ADDRSTRLEN + 1];

	if (text.n == 0 || text.n >= sizeof(cstr) || memchr(text.p, '\0', text.n))
		return false;
	memcpy(cstr, text.p, text.n);
	cstr[text.n] = '\0';
	*is_v4_out = inet_pton(AF_INET, cstr, out + 12) == 1;
	if (*is_v4_out) {
		memcpy(out, mapped, sizeof(mapped));
		return true;
	}
	return inet_pton(AF_INET6, cstr, out) == 1;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, size_t bits)
{
	size_t bytes = bits / 8;
	unsigned mask = (0xff00U >> (bits % 8)) & 0xffU;

	return memcmp(a, b, bytes) == 0 && (mask == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

/* *bits_out counts from the front of all 16 bytes. */
static bool parse_network(struct str text, uint8_t network[16], size_t *bits_out)
{
	size_t slash = str_find_char(text, '/');
	uint64_t bits = 128;
	bool is_v4;

	if (!parse_address(str_first(text, slash), network, &is_v4))
		return false;
	if (slash < text.n) {
		if (str_to_u64(str_from_at(text, slash + 1), is_v4 ? 32 : 128, &bits) != OK)
			return false;
		bits += is_v4 ? 96 : 0;
	}
	*bits_out = (size_t)bits;
	return true;
}

bool network_is_valid(struct str network)
{
	uint8_t bytes[16];
	size_t bits;

	return parse_network(network, bytes, &bits);
}

bool networks_have(const struct str *networks, size_t count, struct str address)
{
	uint8_t peer[16], network[16];
	size_t bits;
	bool is_v4;

	if (!parse_address(address, peer, &is_v4))
		return false;
	for (size_t i = 0; i < count; i++)
		if (parse_network(networks[i], network, &bits) &&
		    same_bits(peer, network, bits))
			return true;
	return false;
}
