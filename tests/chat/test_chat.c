/*
 * The dialogues of tests/chat/lmtp and tests/chat/imap. CHAT=path/to/one.chat runs that file alone.
 */
#include "tests/cm.h"

#include "tests/chat/world.h"

#include <stdio.h>
#include <stdlib.h>

static struct world the_world;

static const struct chat_host host = { .arg = &the_world,
	.begin = world_begin,
	.end = world_end,
	.open = world_open,
	.directive = world_directive };

static void show(struct buf *report)
{
	if (report->n > 0)
		(void)fwrite(report->p, 1, report->n, stderr);
	buf_release(report);
}

static void hold_all_of(const char *folder)
{
	struct buf report = BUF_INIT(100000);
	unsigned files = 0;
	unsigned failed;

	if (getenv("CHAT"))
		skip();
	failed = chat_run_folder(&host, folder, &report, &files);
	show(&report);
	if (failed > 0 || files == 0)
		fail_msg("%u of %u files failed", failed, files);
}

static void holds_the_dialogues_of_lmtp(void **state)
{
	(void)state;
	hold_all_of(CHAT_FOLDER "/lmtp");
}

static void holds_the_dialogues_of_imap(void **state)
{
	(void)state;
	hold_all_of(CHAT_FOLDER "/imap");
}

static void holds_the_dialogues_of_authd(void **state)
{
	(void)state;
	hold_all_of(CHAT_FOLDER "/dovecot");
	hold_all_of(CHAT_FOLDER "/saslauthd");
}

static void holds_the_one_that_was_named(void **state)
{
	const char *path = getenv("CHAT");
	struct buf report = BUF_INIT(100000);
	bool good;

	(void)state;
	if (!path)
		skip();
	good = chat_run(&host, path, CHAT_WHOLE, 1, &report) &&
	    chat_run(&host, path, CHAT_BYTES, 1, &report);
	show(&report);
	assert_true(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_the_one_that_was_named),
		cmocka_unit_test(holds_the_dialogues_of_lmtp),
		cmocka_unit_test(holds_the_dialogues_of_imap),
		cmocka_unit_test(holds_the_dialogues_of_authd),
	};

	return cmocka_run_group_tests_name("chat", tests, NULL, NULL);
}
