/*
 * auth/scheme_tiger.c - DBMail's "tiger": Tiger/192 of the password in 48 hexadecimal digits, as libmhash writes them.
 *
 * libmhash gives the three words of the digest with the lowest byte first; of libgcrypt's two forms that is
 * GCRY_MD_TIGER, while GCRY_MD_TIGER1 has the order of the algorithm's own test vectors.
 */
#include "auth/scheme_int.h"
#include "base/str.h"

#include <gcrypt.h>

#define TIGER_BYTES ((size_t)24)

enum errc tiger_check(struct str stored, struct err *err)
{
	return digest_check_hex(stored, 2 * TIGER_BYTES, err);
}

enum errc tiger_verify(struct str stored, struct str password, bool *match_out, struct err *err)
{
	uint8_t out[TIGER_BYTES];

	/* starts the library, the first time; says no where its self tests fail or the machine forbids the digest */
	if (!gcry_check_version(NULL) || gcry_md_test_algo(GCRY_MD_TIGER) != 0)
		return err_set(err, ERR_UNSUPPORTED, "this machine's libgcrypt lacks Tiger");
	gcry_md_hash_buffer(GCRY_MD_TIGER, out, password.p, password.n);
	*match_out = digest_equals_hex(stored, out, sizeof(out));
	return OK;
}
