/* Properties: the result is UTF-8, has no control, and no quote that is not escaped; it is at most 4 times as long. */
#include "base/buf.h"
#include "base/log_text.h"
#include "base/utf8.h"

#define VALUE_MAX ((size_t)64)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_one_value(struct str text, size_t factor)
{
	if (!utf8_is_valid(text) || text.n > VALUE_MAX * factor + UTF8_CHAR_MAX)
		__builtin_trap();
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f || text.p[i] == '"')
			__builtin_trap();
		if (text.p[i] == '\\' && ++i == text.n)
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf out = BUF_INIT(VALUE_MAX * 10);

	log_text_quoted(&out, in, VALUE_MAX);
	must_be_one_value(buf_str(&out), 4);
	buf_clear(&out);
	log_text_json(&out, in, VALUE_MAX);
	must_be_one_value(buf_str(&out), 5);
	if (out.overflow)
		__builtin_trap();
	buf_release(&out);
	return 0;
}
