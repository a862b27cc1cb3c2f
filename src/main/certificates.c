#include "main/certificates.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/secret.h"
#include "base/str.h"
#include "main/site.h"
#include "net/tls.h"

/* One file: a chain of a dozen certificates has a tenth of it. */
#define PEM_MAX ((size_t)262144)

struct pair {
	char *path[2];
	struct buf text[2];
};

struct pairs {
	struct pair *pair;
	size_t count;
};

static enum errc add_pair(void *arg, const struct opened *opened, struct err *err)
{
	struct pairs *pairs = arg;
	struct pair *pair;
	enum errc rc = OK;

	if (pairs->count == TLS_CERTIFICATES_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d certificates", TLS_CERTIFICATES_MAX);
	pairs->pair = xrealloc(pairs->pair, (pairs->count + 1) * sizeof(*pairs->pair));
	pair = &pairs->pair[pairs->count++];
	for (size_t i = 0; i < COUNT(pair->text); i++) {
		pair->path[i] = xstrdup(opened->path[i]);
		pair->text[i] = BUF_INIT(PEM_MAX + 1);
		if (rc == OK)
			rc = file_read_fd(
			    opened->fd[i], opened->path[i], PEM_MAX, &pair->text[i], err);
	}
	return rc;
}

static void release(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		for (size_t j = 0; j < COUNT(pairs->pair[i].text); j++) {
			struct buf *text = &pairs->pair[i].text[j];

			if (text->p)
				secret_wipe(text->p, text->n);
			buf_release(text);
			xfree(pairs->pair[i].path[j]);
		}
	xfree(pairs->pair);
}

enum errc certificates_load(const struct site *site, struct tls_server *tls, struct err *err)
{
	struct pairs pairs = { .count = 0 };
	const struct files_taker taker = { add_pair, &pairs };
	enum errc rc = site_reopen(site, FILES_CERTIFICATES, &taker, err);
	struct tls_pem *pem = xcalloc(pairs.count + 1, sizeof(*pem));

	for (size_t i = 0; i < pairs.count; i++)
		pem[i] = (struct tls_pem){ pairs.pair[i].path[0], pairs.pair[i].path[1],
			buf_str(&pairs.pair[i].text[0]), buf_str(&pairs.pair[i].text[1]) };
	if (rc == OK)
		rc = tls_server_load(tls, pem, pairs.count, err);
	xfree(pem);
	release(&pairs);
	return rc;
}
