/*
 * Lines of Dovecot's authentication protocol. They are found at the same place however the bytes come; what is parsed is
 * there in the line, and text that is escaped holds no separator and comes back as it was.
 */
#include "authd/dovecot_line.h"
#include "authd/limits.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_escape(struct arena *arena, struct str text)
{
	struct buf out = BUF_INIT(2 * DOVECOT_LINE_MAX);

	dovecot_escape(&out, text);
	expect(!out.overflow);
	for (size_t i = 0; i < out.n; i++)
		expect(out.p[i] != '\t' && out.p[i] != '\r' && out.p[i] != '\n' &&
		    out.p[i] != '\0');
	expect(str_equal(dovecot_unescape(arena, buf_str(&out)), text));
	buf_release(&out);
}

static void check_line(struct arena *arena, struct str line)
{
	struct dovecot_command command;
	enum errc rc = dovecot_line_parse(line, arena, &command, NULL);

	expect(rc == OK || rc == ERR_SYNTAX);
	if (rc != OK)
		return;
	if (command.verb == DOVECOT_AUTH) {
		expect(command.id > 0 && command.auth.mechanism.n > 0);
		expect(command.auth.service.n > 0);
		expect(!command.auth.response.p || command.auth.response.n > 0);
		expect(str_find_char(command.auth.response, '\t') == command.auth.response.n);
	}
	if (command.verb == DOVECOT_CONT)
		expect(command.id > 0 && command.data.p != NULL);
	check_escape(arena, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, line;
	struct arena *arena = arena_new("fuzz");
	size_t used = 0;

	while (in.n > 0) {
		enum errc rc = dovecot_line_take(in, &line, &used);

		if (rc != OK) {
			expect(rc == ERR_MORE ? in.n <= DOVECOT_LINE_MAX
					      : in.n > DOVECOT_LINE_MAX);
			break;
		}
		expect(used > 0 && used <= in.n && in.p[used - 1] == '\n');
		expect(dovecot_line_take(str_first(in, used - 1), &line, &used) == ERR_MORE);
		expect(dovecot_line_take(in, &line, &used) == OK);
		check_line(arena, line);
		in = str_from_at(in, used);
	}
	arena_free(&arena);
	return 0;
}
