#include "tests/chat/chat_int.h"

#include "base/str.h"

#include <regex.h>
#include <string.h>

#define PATTERN_MAX ((size_t)65536)
#define GROUPS_MAX 64

static const struct str ellipsis = STR_INIT("\xe2\x80\xa6");

static size_t find_variable(const struct variables *variables, struct str name)
{
	size_t i = 0;

	while (i < variables->count && !str_equal(variables->name[i], name))
		i++;
	return i;
}

enum errc variables_expand(
    const struct variables *variables, struct str text, struct buf *out, struct err *err)
{
	for (;;) {
		size_t at = str_find(text, STR("{$")), end, i;
		struct str name;

		buf_add_str(out, str_first(text, at));
		if (at == text.n)
			return OK;
		text = str_from_at(text, at + 2);
		end = str_find_char(text, '}');
		name = str_first(text, end);
		i = find_variable(variables, name);
		if (end == text.n || i == variables->count)
			return err_set(
			    err, ERR_NOTFOUND, "{$%.*s} was never set", STR_ARG(name));
		buf_add_str(out, variables->value[i]);
		text = str_from_at(text, end + 1);
	}
}

static void remember(struct variables *variables, struct str name, struct str value)
{
	size_t i = find_variable(variables, name);

	if (i == CHAT_VARIABLES_MAX)
		return;
	variables->name[i] = str_dup(variables->arena, name);
	variables->value[i] = str_dup(variables->arena, value);
	if (i == variables->count)
		variables->count++;
}

/* Pattern to regular expression. */
struct build {
	struct buf regex;
	const struct variables *variables;
	size_t groups; /* so far */
	size_t captures;
	struct str capture_name[GROUPS_MAX];
	size_t capture_group[GROUPS_MAX];
};

static void add_literal(struct build *build, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("\\^$.[|()*+?{}", text.p[i]))
			buf_add_char(&build->regex, '\\');
		buf_add_char(&build->regex, text.p[i]);
	}
}

/* "12", "12+", "12-": what literals of IMAP have in their braces, after "~" too. */
static bool is_size(struct str inside)
{
	size_t digits = 0;

	while (digits < inside.n && ascii_is_digit(inside.p[digits]))
		digits++;
	return digits > 0 &&
	    (digits == inside.n ||
		(digits + 1 == inside.n &&
		    (inside.p[digits] == '+' || inside.p[digits] == '-')));
}

static enum errc add_regexp(struct build *build, struct str inside, struct err *err)
{
	size_t at = str_find(inside, STR(":="));

	if (build->captures == GROUPS_MAX)
		return err_set(err, ERR_LIMIT, "too many {} in a line");
	build->groups++;
	if (at < inside.n) {
		build->capture_name[build->captures] = str_first(inside, at);
		build->capture_group[build->captures++] = build->groups;
		inside = str_from_at(inside, at + 2);
	}
	for (size_t i = 0; i < inside.n; i++)
		build->groups += inside.p[i] == '(' && (i == 0 || inside.p[i - 1] != '\\');
	BUF_ADD(&build->regex, "(");
	buf_add_str(&build->regex, inside);
	BUF_ADD(&build->regex, ")");
	return OK;
}

/* Where the brace that was opened before text closes; {2,3} inside a regexp is counted. */
static size_t find_close(struct str text)
{
	int depth = 1;

	for (size_t i = 0; i < text.n; i++) {
		depth += text.p[i] == '{';
		depth -= text.p[i] == '}';
		if (depth == 0)
			return i;
	}
	return text.n;
}

static enum errc add_brace(struct build *build, struct str *rest, struct err *err)
{
	struct str text = str_from_at(*rest, 1), inside;
	size_t close = find_close(text);
	enum errc rc = OK;

	if (close == text.n)
		return err_set(err, ERR_SYNTAX, "'{' without '}'");
	inside = str_first(text, close);
	if (is_size(inside)) {
		add_literal(build, str_first(*rest, close + 2));
	} else if (str_starts(inside, STR("$"))) {
		size_t i = find_variable(build->variables, str_from_at(inside, 1));

		if (i == build->variables->count)
			return err_set(
			    err, ERR_SYNTAX, "{%.*s} was never set", STR_ARG(inside));
		add_literal(build, build->variables->value[i]);
	} else {
		rc = add_regexp(build, inside, err);
	}
	*rest = str_from_at(text, close + 1);
	return rc;
}

static enum errc build_regex(struct build *build, struct str pattern, struct err *err)
{
	enum errc rc = OK;

	BUF_ADD(&build->regex, "^");
	while (rc == OK && pattern.n > 0) {
		if (str_starts(pattern, ellipsis)) {
			BUF_ADD(&build->regex, ".*");
			pattern = str_from_at(pattern, ellipsis.n);
		} else if (str_starts(pattern, STR("\\{"))) {
			add_literal(build, STR("{"));
			pattern = str_from_at(pattern, 2);
		} else if (pattern.p[0] == '{') {
			rc = add_brace(build, &pattern, err);
		} else {
			add_literal(build, str_first(pattern, 1));
			pattern = str_from_at(pattern, 1);
		}
	}
	BUF_ADD(&build->regex, "$");
	buf_add_char(&build->regex, 0);
	return rc;
}

static enum errc run_regex(
    const struct build *build, struct str line, struct variables *variables, struct err *err)
{
	regmatch_t match[GROUPS_MAX] = { { .rm_so = 0, .rm_eo = (regoff_t)line.n } };
	regex_t regex;
	int rc = regcomp(&regex, build->regex.p, REG_EXTENDED);
	/* the end is told, and yet the sanitizer looks for a NUL */
	char *text = arena_alloc(variables->arena, line.n + 1);

	if (rc != 0) {
		char why[128];

		(void)regerror(rc, &regex, why, sizeof(why));
		return err_set(err, ERR_SYNTAX, "pattern: %s", why);
	}
	if (line.n > 0)
		memcpy(text, line.p, line.n);
	rc = regexec(&regex, text, GROUPS_MAX, match, REG_STARTEND);
	regfree(&regex);
	if (rc != 0)
		return ERR_NOTFOUND;
	for (size_t i = 0; i < build->captures; i++) {
		const regmatch_t *m = &match[build->capture_group[i]];

		if (build->capture_group[i] < GROUPS_MAX && m->rm_so >= 0)
			remember(variables, build->capture_name[i],
			    (struct str){ line.p + m->rm_so, (size_t)(m->rm_eo - m->rm_so) });
	}
	return OK;
}

enum errc pattern_match(
    struct str pattern, struct str line, struct variables *variables, struct err *err)
{
	struct build build = { .regex = BUF_INIT(PATTERN_MAX), .variables = variables };
	enum errc rc = build_regex(&build, pattern, err);

	if (rc == OK && build.regex.overflow)
		rc = err_set(err, ERR_LIMIT, "pattern over %zu bytes", PATTERN_MAX);
	if (rc == OK)
		rc = run_regex(&build, line, variables, err);
	buf_release(&build.regex);
	return rc;
}
