#include "auth/limits.h"
#include "auth/sasl.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One for the life of the process. */
static struct sasl_kit *kit_of_the_process(void)
{
	static struct sasl_kit *kit;

	if (!kit && sasl_kit_new(&kit, NULL) != OK)
		__builtin_trap();
	return kit;
}

/* Keys of nobody: what comes after them can be read and not be right. */
static const struct scram_keys keys = { .iterations = 4096, .salt_size = 4, .salt = "salt" };

/*
 * The first byte chooses the mechanism and whether the connection has a channel binding, lines are what the client
 * sends; a first line "-" is no initial response.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, line;
	struct sasl_setting setting = { .kit = kit_of_the_process(),
		.hostname = STR("mail.example.test") };
	struct sasl sasl = { .step = 0 };
	enum sasl_mechanism mechanism;
	enum errc rc;

	if (size == 0)
		return 0;
	mechanism = data[0] % SASL_MECHANISM_COUNT;
	if (data[0] / SASL_MECHANISM_COUNT % 2 == 1)
		setting.binding = STR("the channel");
	rest = str_from_at(rest, 1);
	(void)str_split(&rest, '\n', &line);
	rc = sasl_start(
	    &sasl, &setting, mechanism, str_equal(line, STR("-")) ? STR_EMPTY : line, NULL);
	while (rc == OK && (sasl.next == SASL_SEND || sasl.next == SASL_KEYS)) {
		if (sasl.next == SASL_KEYS) {
			/* who is named can be looked up */
			if (credentials_check_names(&sasl.credentials, NULL) != OK)
				__builtin_trap();
			rc = sasl_keys(&sasl, &keys, NULL);
		} else if (str_split(&rest, '\n', &line)) {
			rc = sasl_step(&sasl, line, NULL);
		} else {
			break;
		}
	}
	/* what comes out can be looked up and hashed; nobody proves anything with keys of zeros */
	if (rc == OK && sasl.next == SASL_CHECK &&
	    credentials_check(&sasl.credentials, NULL) != OK)
		__builtin_trap();
	if (rc == OK && sasl.next == SASL_PROVED)
		__builtin_trap();
	sasl_release(&sasl);
	return 0;
}
