/*
 * auth/limits.h - maxima of logins and of what a stored hash may cost.
 */
#pragma once

#define AUTH_NAME_MAX 320      /* bytes: an address, RFC 5321 4.5.3.1 */
#define AUTH_PASSWORD_MAX 1024 /* bytes */
#define AUTH_STORED_MAX 512    /* bytes of a stored hash */
#define SASL_MESSAGE_MAX 12288 /* base 64; RFC 4954 4 asks for 12288 */
#define AUTH_FAILURES_MAX 3    /* wrong passwords of one session */
/* Of SCRAM: RFC 5802 5.1 asks for 4096 at least; above the maximum stored keys are not used. */
#define SCRAM_ITERATIONS_MIN 4096
#define SCRAM_ITERATIONS_MAX 1000000

#define AUTH_CACHE_SLOTS 4096	 /* logins whose hash need not be computed again */
#define AUTH_KEYS_SLOTS 1024	 /* keys that need not be made again */
#define AUTH_CACHE_KEEP_S 3600	 /* seconds that one is kept */
#define AUTH_LEASE_WAIT_MS 5000	 /* for a database connection */
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

/*
 * Throttling. Failures that cost nothing, then a delay that doubles with each: of one account from one address, of one
 * address whatever the account, and of one account from wherever, which stays so short that nobody can lock another
 * out.
 */
#define THROTTLE_SLOTS 16384  /* names and addresses that are remembered; 40 bytes each */
#define THROTTLE_NEWS_MAX 100 /* told to other nodes at once, about each second */
#define THROTTLE_FREE_PAIR 3
#define THROTTLE_FREE_ADDRESS 10
#define THROTTLE_FREE_ACCOUNT 20
#define THROTTLE_FIRST_MS 500	     /* the first delay */
#define THROTTLE_ACCOUNT_MAX_MS 2000 /* of one account from wherever */
#define THROTTLE_FORGET_MS 900000    /* without failures; 15 minutes */
