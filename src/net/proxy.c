#include "net/proxy.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <string.h>

static const unsigned char signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51,
	0x55, 0x49, 0x54, 0x0a };

#define V2_HEAD ((size_t)16)
#define V2_UNIX_SIZE ((size_t)216)

/* Section 2.2.1 and on: the types of extensions that are looked at. */
#define TLV_CRC32C 0x03
#define TLV_SSL 0x20
#define TLV_SSL_VERSION 0x21
#define SSL_CLIENT_TLS 0x01
/* client, verify */
#define SSL_HEAD ((size_t)5)
#define TLV_HEAD ((size_t)3)

static enum errc syntax(struct err *err, const char *what)
{
	return err_set(err, ERR_SYNTAX, "PROXY header: %s", what);
}

static size_t big_endian_16(const char *p)
{
	return (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

/* Version 1, section 2.1: words between single spaces. */

/* Decimal, "heading zeroes are not permitted". */
static bool take_port(struct str text, uint16_t *port_out)
{
	uint64_t port;

	if (text.n > 1 && text.p[0] == '0')
		return false;
	if (str_to_u64(text, UINT16_MAX, &port) != OK)
		return false;
	*port_out = (uint16_t)port;
	return true;
}

static bool take_address(
    struct str text, struct str port_text, int family, union address *address_out)
{
	char cstr[INET6_ADDRSTRLEN + 1];
	socklen_t size;
	uint16_t port;

	if (text.n == 0 || text.n >= sizeof(cstr) || memchr(text.p, '\0', text.n) ||
	    !take_port(port_text, &port))
		return false;
	memcpy(cstr, text.p, text.n);
	cstr[text.n] = '\0';
	return address_parse(cstr, port, address_out, &size) == OK &&
	    address_out->sa.sa_family == family;
}

static enum errc parse_words(struct str line, struct proxy_header *header, struct err *err)
{
	struct str word[5] = { STR_EMPTY };
	size_t count = 0;
	int family;

	while (count < COUNT(word) && str_split(&line, ' ', &word[count]))
		count++;
	/* what follows is "ignored by the receiver" */
	if (str_equal(word[0], STR("UNKNOWN"))) {
		header->client = PROXY_UNKNOWN;
		return OK;
	}
	if (str_equal(word[0], STR("TCP4")))
		family = AF_INET;
	else if (str_equal(word[0], STR("TCP6")))
		family = AF_INET6;
	else
		return syntax(err, "neither TCP4, TCP6 nor UNKNOWN");
	if (count != COUNT(word) || line.p != NULL ||
	    !take_address(word[1], word[3], family, &header->source) ||
	    !take_address(word[2], word[4], family, &header->destination))
		return syntax(err, "two addresses and two ports expected");
	header->client = PROXY_INET;
	return OK;
}

static enum errc parse_v1(struct str in, struct proxy_header *header, struct err *err)
{
	struct str prefix = STR("PROXY ");
	struct str look = str_first(in, PROXY_V1_SIZE_MAX);
	size_t end = str_find(look, STR("\r\n"));

	if (end == look.n)
		return look.n == PROXY_V1_SIZE_MAX
		    ? err_set(err, ERR_LIMIT, "PROXY header: a line over %d bytes",
			  PROXY_V1_SIZE_MAX)
		    : ERR_MORE;
	header->size = end + 2;
	return parse_words((struct str){ in.p + prefix.n, end - prefix.n }, header, err);
}

/* Version 2, section 2.2. */

/* CRC32c (RFC 4960 appendix B) over the header with the checksum's own bytes as zero. */
static uint32_t checksum(struct str header, size_t at)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < header.n; i++) {
		bool is_own = i >= at && i < at + 4;

		crc ^= is_own ? 0U : (unsigned char)header.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0U);
	}
	return ~crc;
}

static bool checksum_is_right(struct str header, struct str value)
{
	size_t at = (size_t)(value.p - header.p);

	return value.n == 4 &&
	    checksum(header, at) ==
	    (uint32_t)(big_endian_16(value.p) << 16 | big_endian_16(value.p + 2));
}

/* An extension off the front of *rest. False: there is none, or it is cut. */
static bool take_tlv(struct str *rest, unsigned *type_out, struct str *value_out)
{
	size_t n;

	if (rest->n < TLV_HEAD)
		return false;
	n = big_endian_16(rest->p + 1);
	if (n > rest->n - TLV_HEAD)
		return false;
	*type_out = (unsigned char)rest->p[0];
	*value_out = (struct str){ rest->p + TLV_HEAD, n };
	*rest = str_from_at(*rest, TLV_HEAD + n);
	return true;
}

static void take_version(struct str value, struct proxy_header *header)
{
	if (value.n >= sizeof(header->tls_version))
		return;
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_print(value.p[i]) || value.p[i] == ' ')
			return;
	memcpy(header->tls_version, value.p, value.n);
	header->tls_version[value.n] = '\0';
}

static bool take_ssl(struct str value, struct proxy_header *header)
{
	struct str rest, sub;
	unsigned type;

	if (value.n < SSL_HEAD)
		return false;
	header->tls = ((unsigned char)value.p[0] & SSL_CLIENT_TLS) != 0;
	rest = str_from_at(value, SSL_HEAD);
	while (rest.n > 0) {
		if (!take_tlv(&rest, &type, &sub))
			return false;
		if (type == TLV_SSL_VERSION)
			take_version(sub, header);
	}
	return true;
}

static enum errc take_extensions(
    struct str all, struct str rest, struct proxy_header *header, struct err *err)
{
	struct str value;
	unsigned type;

	while (rest.n > 0) {
		if (!take_tlv(&rest, &type, &value))
			return syntax(err, "an extension is cut");
		if (type == TLV_SSL && !take_ssl(value, header))
			return syntax(err, "the extension about TLS is cut");
		if (type == TLV_CRC32C && !checksum_is_right(all, value))
			return syntax(err, "the checksum is wrong");
	}
	return OK;
}

static void take_inet(const char *p, struct proxy_header *header)
{
	header->client = PROXY_INET;
	header->source.in = (struct sockaddr_in){ .sin_family = AF_INET };
	header->destination.in = (struct sockaddr_in){ .sin_family = AF_INET };
	memcpy(&header->source.in.sin_addr, p, 4);
	memcpy(&header->destination.in.sin_addr, p + 4, 4);
	memcpy(&header->source.in.sin_port, p + 8, 2);
	memcpy(&header->destination.in.sin_port, p + 10, 2);
}

static void take_inet6(const char *p, struct proxy_header *header)
{
	header->client = PROXY_INET;
	header->source.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	header->destination.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	memcpy(&header->source.in6.sin6_addr, p, 16);
	memcpy(&header->destination.in6.sin6_addr, p + 16, 16);
	memcpy(&header->source.in6.sin6_port, p + 32, 2);
	memcpy(&header->destination.in6.sin6_port, p + 34, 2);
}

static void take_unix(const char *p, struct proxy_header *header)
{
	(void)p; /* paths of the proxy's machine: nobody here can use them */
	header->client = PROXY_UNIX;
}

static void take_unknown(const char *p, struct proxy_header *header)
{
	(void)p;
	header->client = PROXY_UNKNOWN;
}

/* The byte behind the command: family and transport. Datagrams do not come by a stream. */
static const struct {
	unsigned char byte;
	size_t size;
	void (*take)(const char *p, struct proxy_header *header);
} families[] = {
	{ 0x00, 0, take_unknown },
	{ 0x11, 12, take_inet },
	{ 0x21, 36, take_inet6 },
	{ 0x31, V2_UNIX_SIZE, take_unix },
};

static enum errc parse_proxied(struct str all, struct proxy_header *header, struct err *err)
{
	struct str body = str_from_at(all, V2_HEAD);
	size_t i = 0;

	while (i < COUNT(families) && families[i].byte != (unsigned char)all.p[13])
		i++;
	if (i == COUNT(families))
		return syntax(err, "an address family that is not known");
	if (body.n < families[i].size)
		return syntax(err, "the addresses are cut");
	families[i].take(body.p, header);
	return take_extensions(all, str_from_at(body, families[i].size), header, err);
}

static enum errc parse_v2(struct str in, struct proxy_header *header, struct err *err)
{
	unsigned char command;

	if (in.n < V2_HEAD)
		return ERR_MORE;
	header->size = V2_HEAD + big_endian_16(in.p + 14);
	if (header->size > PROXY_SIZE_MAX)
		return err_set(err, ERR_LIMIT, "PROXY header: %zu bytes, limit %d",
		    header->size, PROXY_SIZE_MAX);
	command = (unsigned char)in.p[12];
	if (command != 0x20 && command != 0x21)
		return syntax(err, "neither LOCAL nor PROXY of version 2");
	if (in.n < header->size)
		return ERR_MORE;
	/* LOCAL: "the receiver must ... discard the protocol block including the family" */
	if (command == 0x20) {
		header->client = PROXY_LOCAL;
		return OK;
	}
	return parse_proxied(str_first(in, header->size), header, err);
}

static bool begins_as(struct str in, struct str prefix)
{
	size_t n = in.n < prefix.n ? in.n : prefix.n;

	return n == 0 || memcmp(in.p, prefix.p, n) == 0;
}

enum errc proxy_parse(struct str in, struct proxy_header *header_out, struct err *err)
{
	struct str v2 = { (const char *)signature, sizeof(signature) };
	struct proxy_header header = { .client = PROXY_UNKNOWN };
	enum errc rc;

	if (begins_as(in, v2))
		rc = parse_v2(in, &header, err);
	else if (begins_as(in, STR("PROXY ")))
		rc = parse_v1(in, &header, err);
	else
		return syntax(err, "none at the beginning");
	if (rc == OK)
		*header_out = header;
	return rc;
}
