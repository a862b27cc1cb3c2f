/*
 * The input is a header, and it is an envelope as the store may hold it. What mime_envelope writes is always understood;
 * what it says of a field is what the header says of it, but for the form of the addresses.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/search_envelope.h"
#include "mime/limits.h"
#include "mime/message.h"
#include "mime/structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum envelope_field fields[] = {
	ENVELOPE_SUBJECT,
	ENVELOPE_FROM,
	ENVELOPE_TO,
	ENVELOPE_CC,
	ENVELOPE_BCC,
};

static void ask(struct str envelope, struct arena *arena, bool must_be_read)
{
	struct text_key key = text_key_of(STR("e"), arena);

	for (size_t i = 0; i < COUNT(fields); i++) {
		bool has;
		enum errc rc = envelope_has_text(envelope, fields[i], &key, arena, &has);

		if (must_be_read && rc != OK && envelope.n <= MIME_STRING_MAX)
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct buf envelope = BUF_INIT(SIZE_MAX);
	struct mime_part *root;

	ask(in, arena, false);
	mime_parse(in, arena, &root);
	(void)mime_envelope(root, arena, in, &envelope);
	ask(buf_str(&envelope), arena, true);
	buf_release(&envelope);
	arena_free(&arena);
	return 0;
}
