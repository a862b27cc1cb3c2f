#include "auth/limits.h"
#include "auth/sasl.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the mechanism, lines are what the client sends; a first line "-" is no initial response. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, line;
	struct sasl sasl = { .step = 0 };
	enum sasl_mechanism mechanism;
	enum errc rc;

	if (size == 0)
		return 0;
	mechanism = data[0] % SASL_MECHANISM_COUNT;
	rest = str_from_at(rest, 1);
	(void)str_split(&rest, '\n', &line);
	rc = sasl_start(&sasl, mechanism, str_equal(line, STR("-")) ? STR_EMPTY : line, NULL);
	while (rc == ERR_MORE && str_split(&rest, '\n', &line))
		rc = sasl_step(&sasl, line, NULL);
	/* what comes out can be looked up and hashed */
	if (rc == OK &&
	    (credentials_check(&sasl.credentials, NULL) != OK ||
		sasl.credentials.authcid.n > AUTH_NAME_MAX))
		__builtin_trap();
	sasl_release(&sasl);
	return 0;
}
