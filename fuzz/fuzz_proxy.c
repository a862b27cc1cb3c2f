#include "base/str.h"
#include "net/proxy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void trap_unless(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* A header that is whole is so whatever follows, and its beginnings are none yet; no other header begins as one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct proxy_header header, again;
	enum errc rc = proxy_parse(in, &header, NULL);

	if (rc == ERR_MORE)
		trap_unless(size < PROXY_SIZE_MAX);
	if (rc != OK)
		return 0;
	trap_unless(header.size <= size && header.size <= PROXY_SIZE_MAX);
	trap_unless(memchr(header.tls_version, '\0', sizeof(header.tls_version)) != NULL);
	trap_unless(proxy_parse(str_first(in, header.size), &again, NULL) == OK);
	trap_unless(again.size == header.size && again.client == header.client);
	for (size_t n = 0; n < header.size; n++)
		trap_unless(proxy_parse(str_first(in, n), &again, NULL) == ERR_MORE);
	if (header.client == PROXY_INET)
		trap_unless(header.source.sa.sa_family == header.destination.sa.sa_family);
	return 0;
}
