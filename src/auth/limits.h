/*
 * auth/limits.h - maxima of logins and of what a stored hash may cost.
 */
#pragma once

#define AUTH_NAME_MAX 320	 /* bytes: an address, RFC 5321 4.5.3.1 */
#define AUTH_PASSWORD_MAX 1024	 /* bytes */
#define AUTH_STORED_MAX 512	 /* bytes of a stored hash */
#define SASL_MESSAGE_MAX 12288	 /* base 64; RFC 4954 4 asks for 12288 */
#define AUTH_FAILURES_MAX 3	 /* wrong passwords of one session */
#define AUTH_CACHE_SLOTS 4096	 /* logins whose hash need not be computed again */
#define AUTH_CACHE_KEEP_S 3600	 /* seconds that one is kept */
#define AUTH_QUEUE_WAIT_MS 20000 /* a password that waited longer is not looked at any more */

/*
 * A stored hash above these is not computed: whoever may write a row must not be able to stop the server.
 */
#define SCHEME_ARGON2_MEMORY_MAX_KIB 262144 /* 256 MiB */
#define SCHEME_ARGON2_WORK_MAX_KIB 1048576  /* memory times passes */
#define SCHEME_ARGON2_LANES_MAX 16
#define SCHEME_SHACRYPT_ROUNDS_MAX 1000000
#define SCHEME_BCRYPT_COST_MAX 14
#define SCHEME_YESCRYPT_LOG2_N_MAX 15 /* with r = 32: 128 MiB */
#define SCHEME_YESCRYPT_R_MAX 32
#define SCHEME_SCRYPT_LOG2_N_MAX 15 /* the same */
#define SCHEME_SCRYPT_R_MAX 32
#define SCHEME_SCRYPT_P_MAX 4 /* times as long */

/* New passwords: OWASP's second recommendation, 19 MiB and 2 passes. */
#define SCHEME_ARGON2_MEMORY_BYTES ((size_t)19456 * 1024)
#define SCHEME_ARGON2_PASSES 2
