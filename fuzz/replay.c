/*
 * fuzz/replay.c - runs a fuzz target over the files of a folder, each whole and cut short at several places.
 * A target that finds something wrong traps; a folder that cannot be read is a failure.
 */
#include "base/base.h"
#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>

#define INPUT_MAX ((size_t)1 << 20)
#define CUTS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target gets a copy of the exact size, so that AddressSanitizer sees a read behind the end. */
static void run(const char *p, size_t n)
{
	struct buf exact = BUF_INIT(n > 0 ? n : 1);

	buf_add(&exact, p, n);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)exact.p, n);
	buf_release(&exact);
}

static bool replay_file(const char *path)
{
	struct buf bytes = BUF_INIT(INPUT_MAX);
	struct err err;
	enum errc rc = file_read(path, INPUT_MAX, &bytes, &err);

	if (rc == OK) {
		for (size_t i = 1; i <= CUTS; i++)
			run(bytes.p, bytes.n * i / CUTS);
	} else {
		(void)fprintf(stderr, "%s\n", err.text);
	}
	buf_release(&bytes);
	return rc == OK;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	size_t files = 0, failed = 0;

	if (!folder) {
		(void)fprintf(stderr, "replay: no folder of inputs\n");
		return 1;
	}
	run("", 0);
	while ((entry = readdir(folder))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		files++;
		failed += !replay_file(path);
	}
	(void)closedir(folder);
	(void)printf("replayed %zu inputs\n", files);
	return files == 0 || failed > 0;
}
