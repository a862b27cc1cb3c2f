#include "auth/scheme.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "encryption\nstored\npassword". What costs little is also verified; what is refused by the check never is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, encryption, stored, password;
	enum errc checked;
	bool match = true;

	if (!str_split(&rest, '\n', &encryption) || !str_split(&rest, '\n', &stored) ||
	    !str_split(&rest, '\n', &password))
		return 0;
	checked = scheme_check(encryption, stored, NULL);
	if (checked == OK && !scheme_is_quick(encryption, stored))
		return 0;
	if (scheme_verify(encryption, stored, password, &match, NULL) == OK) {
		/* a match is never made of nothing */
		if (match && (stored.n == 0 || password.n == 0))
			__builtin_trap();
	} else if (match) {
		__builtin_trap();
	}
	return 0;
}
