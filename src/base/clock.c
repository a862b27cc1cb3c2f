#include "base/clock.h"

#include <limits.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
	struct timespec now;

	/* cannot fail with these clocks and a valid address */
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_unix_s(void)
{
	return read_us(CLOCK_REALTIME) / 1000000;
}

int64_t clock_unix_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

struct deadline deadline_in_ms(int64_t ms)
{
	int64_t now = clock_mono_ms();

	if (ms < 0)
		ms = 0;
	return ms > INT64_MAX - now ? DEADLINE_NEVER : (struct deadline){ now + ms };
}

int deadline_left_ms(struct deadline deadline)
{
	int64_t now = clock_mono_ms();

	if (deadline.at_ms <= now)
		return 0;
	return deadline.at_ms - now > INT_MAX ? INT_MAX : (int)(deadline.at_ms - now);
}

bool deadline_passed(struct deadline deadline)
{
	return deadline.at_ms <= clock_mono_ms();
}

struct deadline deadline_earlier(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}
