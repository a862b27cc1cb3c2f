/* auth/throttle_share.c - between the throttle's counts and the rows that nodes share. */
#include "auth/throttle_share.h"

#include "auth/limits.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/auth_keys.h"
#include "store/failures.h"

struct throttle_share {
	struct store *store;
	struct throttle *throttle;
	const struct log *log;
	struct login_failures_read *read;
};

static void tell(struct throttle_share *share)
{
	struct throttle_news news[LOGIN_FAILURES_MAX];
	struct login_failure failures[LOGIN_FAILURES_MAX];
	size_t count = throttle_take_news(share->throttle, news, COUNT(news));
	int64_t now_s = clock_unix_s();

	for (size_t i = 0; i < count; i++)
		failures[i] = (struct login_failure){ .pair = (int64_t)news[i].pair,
			.address = (int64_t)news[i].address,
			.account = (int64_t)news[i].account,
			.at = now_s,
			.passed = news[i].passed };
	login_failures_write(share->store, failures, count);
}

static void heard(void *arg, const struct login_failure *failure)
{
	struct throttle_share *share = arg;
	struct throttle_news news = { .pair = (uint64_t)failure->pair,
		.address = (uint64_t)failure->address,
		.account = (uint64_t)failure->account,
		.passed = failure->passed };
	int64_t ago_s = clock_unix_s() - failure->at;

	/* by a clock that is ahead of ours */
	if (ago_s < 0)
		ago_s = 0;
	throttle_hear(share->throttle, &news, clock_mono_ms() - ago_s * 1000);
}

static void beat(void *arg)
{
	struct throttle_share *share = arg;
	struct err err;

	tell(share);
	if (login_failures_read(
		share->store, share->read, THROTTLE_FORGET_MS / 1000, heard, share, &err) != OK)
		log_info(share->log, "login-failures-unread", F_ERR(&err));
}

enum errc throttle_share_new(struct store *store, struct throttle *throttle,
    const struct log *log, struct throttle_share **share_out, struct err *err)
{
	uint8_t secret[SITE_SECRET_SIZE];
	struct throttle_share *share;
	enum errc rc;

	*share_out = NULL;
	if (!login_failures_are_shared(store))
		return OK;
	rc = site_secret(store, STR("throttle"), secret, err);
	if (rc != OK)
		return rc;
	_Static_assert(sizeof(secret) >= THROTTLE_SECRET_SIZE, "the site's is long enough");
	throttle_share_by(throttle, secret);
	secret_wipe(secret, sizeof(secret));
	share = xcalloc(1, sizeof(*share));
	share->store = store;
	share->throttle = throttle;
	share->log = log;
	share->read = login_failures_read_new();
	store_on_beat(store, (struct store_beat){ beat, share });
	*share_out = share;
	return OK;
}

void throttle_share_free(struct throttle_share **sharep)
{
	struct throttle_share *share = *sharep;

	*sharep = NULL;
	if (!share)
		return;
	store_on_beat(share->store, (struct store_beat){ .beat = NULL });
	/* what failed last is told too */
	tell(share);
	login_failures_read_free(&share->read);
	xfree(share);
}
