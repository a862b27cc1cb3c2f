#include "base/random.h"

#include "base/die.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n)
{
	char *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got > 0) {
			p += got;
			n -= (size_t)got;
		} else if (errno != EINTR) {
			/* no kernel that we run on lacks it; going on without would be worse than stopping */
			die("getrandom: %s", strerror(errno));
		}
	}
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

uint64_t random_below(uint64_t bound)
{
	uint64_t value, uneven;

	assert(bound > 0);
	/* 2^64 mod bound values at the bottom would come up once too often */
	uneven = (UINT64_MAX - bound + 1) % bound;
	do
		value = random_u64();
	while (value < uneven);
	return value % bound;
}

void random_text(char *out, size_t n)
{
	static const char letters[32] = "23456789abcdefghijkmnpqrstuvwxyz";

	random_bytes(out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = letters[(unsigned char)out[i] & 31];
}
