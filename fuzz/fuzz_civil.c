/* Property: a moment that was read is written in a form that is read as the same moment. */
#include "base/buf.h"
#include "base/civil.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf out = BUF_INIT(100);
	struct civil civil, again;

	if (civil_parse_imap(in, &civil, NULL) == OK) {
		struct civil shown = civil_from_unix(civil_to_unix(&civil), civil.zone_min);

		civil_add_imap(&out, &civil);
		if (civil_parse_imap(buf_str(&out), &again, NULL) != OK ||
		    civil_to_unix(&again) != civil_to_unix(&civil) || !civil_is_valid(&shown))
			__builtin_trap();
	}
	if (civil_parse_imap_date(in, &civil, NULL) == OK && !civil_is_valid(&civil))
		__builtin_trap();
	buf_release(&out);
	return 0;
}
