/*
 * The first line is the key, the rest a message. Properties: a key that is in the decoded text of a field is found in
 * it; what is in the body is in the message.
 */
#include "base/arena.h"
#include "base/str.h"
#include "mime/header.h"
#include "mime/message.h"
#include "mime/text.h"
#include "mime/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	size_t line = str_find_char(in, '\n');
	struct str bytes = str_from_at(in, line + 1), subject;
	struct arena *arena = arena_new("fuzz");
	struct text_key key = text_key_of(str_first(in, line), arena);
	struct mime_part *root;

	mime_parse(bytes, arena, &root);
	if (text_in_body(root, bytes, &key))
		require(text_in_message(root, bytes, &key));
	subject = mime_value(root, MIME_SUBJECT);
	if (subject.p) {
		bool found = text_in_utf8(mime_word_text(subject, arena), &key);

		require(text_in_value(subject, &key) == found);
		if (found)
			require(
			    text_in_field(mime_header_of(bytes, root), STR("subject"), &key));
	}
	arena_free(&arena);
	return 0;
}
