#include "lmtp/allow.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <string.h>

/* Every address as 16 bytes: IPv4 in its mapped form (RFC 4291 2.5.5.2). */
static bool parse_address(struct str text, uint8_t out[16], bool *is_v4_out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char cstr[INET6_ADDRSTRLEN + 1];

	if (text.n == 0 || text.n >= sizeof(cstr))
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

static bool is_in(const uint8_t peer[16], struct str entry)
{
	size_t slash = str_find_char(entry, '/');
	uint8_t network[16];
	uint64_t bits = 128;
	bool is_v4;

	if (!parse_address(str_first(entry, slash), network, &is_v4))
		return false;
	if (slash < entry.n) {
		if (str_to_u64(str_from_at(entry, slash + 1), is_v4 ? 32 : 128, &bits) != OK)
			return false;
		bits += is_v4 ? 96 : 0;
	}
	return same_bits(peer, network, (size_t)bits);
}

bool lmtp_peer_is_allowed(struct str address, const struct str *allow, size_t count)
{
	uint8_t peer[16];
	bool is_v4;

	if (!parse_address(address, peer, &is_v4))
		return false;
	for (size_t i = 0; i < count; i++)
		if (is_in(peer, allow[i]))
			return true;
	return false;
}
