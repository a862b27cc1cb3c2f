#include "tests/cm.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tabella-file-XXXXXX";
static char path[sizeof(folder) + 2];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/f", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void reads_back_what_it_wrote(void **state)
{
	struct buf out = BUF_INIT(100);
	struct err err;
	struct stat st;

	(void)state;
	assert_int_equal(file_write(path, STR("first\0one"), 0600, &err), OK);
	assert_int_equal(file_write(path, STR("second\0one"), 0640, &err), OK);
	assert_int_equal(file_read(path, 50, &out, &err), OK);
	assert_true(str_equal(buf_str(&out), STR("second\0one")));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	buf_release(&out);
}

static void refuses_a_file_over_the_limit(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(file_write(path, STR("12345"), 0600, &err), OK);
	for (size_t max = 4; max <= 6; max++) {
		struct buf out = BUF_INIT(max);

		assert_int_equal(file_read(path, max, &out, &err), max < 5 ? ERR_LIMIT : OK);
		buf_release(&out);
	}
}

static void reads_an_empty_file(void **state)
{
	struct buf out = BUF_INIT(100000);
	struct err err;

	(void)state;
	assert_int_equal(file_write(path, STR_EMPTY, 0600, &err), OK);
	assert_int_equal(file_read(path, 0, &out, &err), OK);
	assert_int_equal(out.n, 0);
	buf_release(&out);
}

static void says_what_is_missing(void **state)
{
	struct buf out = BUF_INIT(100000);
	struct err err;

	(void)state;
	assert_int_equal(file_read("/nonexistent/file", 10, &out, &err), ERR_NOTFOUND);
	assert_non_null(strstr(err.text, "/nonexistent/file"));
	assert_int_equal(file_write("/nonexistent/file", STR("x"), 0600, &err), ERR_NOTFOUND);
	assert_int_equal(file_read("/", 10, &out, &err), ERR_UNAVAIL);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(refuses_a_file_over_the_limit),
		cmocka_unit_test(reads_an_empty_file),
		cmocka_unit_test(says_what_is_missing),
	};

	return cmocka_run_group_tests_name("base/file", tests, make_folder, remove_folder);
}
