/* store/admin.c - what the administration's files share and that is no SQL. */
#include "store/admin_int.h"

#include "base/str.h"
#include "base/utf8.h"

struct str admin_id_text(struct arena *arena, int64_t id)
{
	return str_printf(arena, "%lld", (long long)id);
}

enum errc admin_text_check(const char *what, struct str text, size_t max, struct err *err)
{
	if (text.n == 0)
		return err_set(err, ERR_ARG, "%s is empty", what);
	if (text.n > max)
		return err_set(err, ERR_ARG, "%s has %zu bytes, limit %zu", what, text.n, max);
	if (!utf8_is_valid(text))
		return err_set(err, ERR_ARG, "%s is not UTF-8", what);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == 0x7f)
			return err_set(err, ERR_ARG, "%s holds a control character", what);
	}
	return OK;
}
