/*
 * What PostgreSQL's server sends: values of columns in binary, and notifications. A number reads the same as a number and
 * as text; changes that were read are told in a form that reads the same. The first byte says which.
 */
#include "base/buf.h"
#include "base/str.h"
#include "db/pgsql_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static bool is_text(unsigned type)
{
	return type == PGSQL_TEXT || type == PGSQL_BYTEA || type == PGSQL_FLOAT8;
}

static bool is_time(unsigned type)
{
	return type == PGSQL_TIMESTAMP || type == PGSQL_TIMESTAMPTZ;
}

static void check_value(unsigned type, struct str bytes)
{
	char scratch[PGSQL_SCRATCH];
	int64_t number = pgsql_value_i64(type, bytes);
	struct str text = pgsql_value_text(type, bytes, scratch);

	if (is_text(type))
		expect(text.p == bytes.p && text.n == bytes.n);
	else if (is_time(type))
		expect(text.n == 19 && number == 0);
	else
		expect(pgsql_value_i64(PGSQL_TEXT, text) == number);
}

static void check_payload(struct str payload)
{
	static struct change changes[PGSQL_CHANGES_MAX], again[PGSQL_CHANGES_MAX];
	struct buf out = BUF_INIT(2 * PGSQL_PAYLOAD_MAX);
	size_t count, told, heard;
	int64_t self, same;

	if (pgsql_payload_parse(payload, &self, changes, &count) != OK)
		return;
	told = pgsql_payload_add(&out, self, changes, count);
	expect(told <= count && (told > 0 || count == 0));
	expect(!out.overflow && out.n <= PGSQL_PAYLOAD_MAX);
	expect(pgsql_payload_parse(buf_str(&out), &same, again, &heard) == OK);
	expect(same == self && heard == told);
	for (size_t i = 0; i < told; i++) {
		expect(again[i].owner == changes[i].owner && again[i].kind == changes[i].kind);
		expect(again[i].mailbox == changes[i].mailbox);
		expect(again[i].modseq == changes[i].modseq);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned types[] = { PGSQL_BOOL, PGSQL_BYTEA, PGSQL_INT8, PGSQL_INT2,
		PGSQL_INT4, PGSQL_TEXT, PGSQL_OID, PGSQL_FLOAT8, PGSQL_TIMESTAMP,
		PGSQL_TIMESTAMPTZ, PGSQL_NUMERIC };
	struct str rest = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	if (data[0] < COUNT(types))
		check_value(types[data[0]], rest);
	else
		check_payload(rest);
	return 0;
}
