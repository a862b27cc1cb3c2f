#include "base/secret.h"

#include "base/heap.h"

#include <sodium.h>
#include <string.h>

void secret_init(struct secret *secret, struct str text)
{
	*secret = (struct secret){ xmalloc(text.n), text.n };
	if (text.n > 0)
		memcpy(secret->p, text.p, text.n);
}

void secret_release(struct secret *secret)
{
	if (secret->p)
		secret_wipe(secret->p, secret->n);
	xfree(secret->p);
	*secret = SECRET_INIT;
}

struct str secret_view(const struct secret *secret)
{
	return (struct str){ secret->p, secret->n };
}

bool secret_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

void secret_wipe(void *p, size_t n)
{
	if (n > 0)
		sodium_memzero(p, n);
}
