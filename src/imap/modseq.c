#include "imap/modseq.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

/* RFC 7162 section 7: a positive unsigned 63-bit integer. */
enum errc imap_modseq_or_zero(struct cursor *c, int64_t *out, struct err *err)
{
	uint64_t value;

	if (cursor_take_u64(c, INT64_MAX, &value) != OK)
		return err_set(err, ERR_SYNTAX, "mod-sequence of 63 bits expected");
	*out = (int64_t)value;
	return OK;
}

enum errc imap_modseq(struct cursor *c, int64_t *out, struct err *err)
{
	enum errc rc = imap_modseq_or_zero(c, out, err);

	if (rc == OK && *out == 0)
		return err_set(err, ERR_SYNTAX, "mod-sequence of 1 or more expected");
	return rc;
}

static bool is_uid_set_char(char c)
{
	return ascii_is_digit(c) || c == ':' || c == ',';
}

/* A sequence-set in which RFC 7162 section 7 allows no '*'. */
static enum errc read_known_set(
    struct cursor *c, struct arena *arena, struct seqset *out, struct err *err)
{
	struct str text = cursor_take_while(c, is_uid_set_char);

	return seqset_parse(text, IMAP_SET_RANGES_MAX, arena, out, err);
}

/* ERR_SYNTAX unless ascending, as the comments of the ABNF ask for. */
static enum errc count_ascending(const struct seqset *set, uint64_t *count_out, struct err *err)
{
	uint64_t count = 0, last = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct seq_range *r = &set->range[i];

		if (r->first <= last || r->last < r->first)
			return err_set(
			    err, ERR_SYNTAX, "sequence match data have to be ascending");
		count += (uint64_t)r->last - r->first + 1;
		last = r->last;
	}
	*count_out = count;
	return OK;
}

/* seq-match-data: "(" known-sequence-set SP known-uid-set ")" */
static enum errc read_match_data(
    struct cursor *c, struct arena *arena, struct qresync *q, struct err *err)
{
	uint64_t seqs = 0, uids = 0;
	enum errc rc;

	if (!cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "sequence match data expected");
	rc = read_known_set(c, arena, &q->match_seqs, err);
	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = read_known_set(c, arena, &q->match_uids, err);
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "sequence match data without their end");
	if (rc == OK)
		rc = count_ascending(&q->match_seqs, &seqs, err);
	if (rc == OK)
		rc = count_ascending(&q->match_uids, &uids, err);
	if (rc == OK && seqs != uids)
		return err_set(err, ERR_SYNTAX, "sequence match data of two lengths");
	return rc;
}

/* [SP known-uids] [SP seq-match-data], then ")" */
static enum errc read_known(
    struct cursor *c, struct arena *arena, struct qresync *q, struct err *err)
{
	bool more = cursor_take(c, ' ');
	enum errc rc = OK;

	if (more && cursor_peek(c) != '(') {
		rc = read_known_set(c, arena, &q->known, err);
		more = rc == OK && cursor_take(c, ' ');
	}
	if (rc == OK && more)
		rc = read_match_data(c, arena, q, err);
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "QRESYNC without its end");
	return rc;
}

/* SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")" (RFC 7162 3.2.5) */
static enum errc read_qresync(
    struct cursor *c, struct arena *arena, struct qresync *q, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	if (rc == OK && !cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "arguments of QRESYNC expected");
	q->asked = true;
	if (rc == OK)
		rc = imap_nz_number(c, &q->uidvalidity, err);
	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_modseq(c, &q->modseq, err);
	return rc == OK ? read_known(c, arena, q, err) : rc;
}

static enum errc read_select_param(
    struct cursor *c, struct arena *arena, struct select_params *out, struct err *err)
{
	struct str word = cursor_take_while(c, ascii_is_alpha);

	if (str_equal_nocase(word, STR("CONDSTORE")) && !out->condstore) {
		out->condstore = true;
		return OK;
	}
	if (str_equal_nocase(word, STR("QRESYNC")) && !out->qresync.asked)
		return read_qresync(c, arena, &out->qresync, err);
	return err_set(err, ERR_SYNTAX, "unknown or repeated parameter");
}

enum errc imap_select_params(
    struct cursor *c, struct arena *arena, struct select_params *out, struct err *err)
{
	enum errc rc;

	*out = (struct select_params){ .condstore = false };
	if (!cursor_take(c, ' '))
		return OK;
	if (!cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "parameters expected");
	do
		rc = read_select_param(c, arena, out, err);
	while (rc == OK && cursor_take(c, ' '));
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "parameters without their end");
	return rc;
}

static enum errc read_fetch_modifier(
    struct cursor *c, struct fetch_modifiers *out, struct err *err)
{
	struct str word = cursor_take_while(c, ascii_is_alpha);

	if (str_equal_nocase(word, STR("VANISHED")) && !out->vanished) {
		out->vanished = true;
		return OK;
	}
	if (str_equal_nocase(word, STR("CHANGEDSINCE")) && out->changed_since == 0) {
		enum errc rc = imap_sp(c, err);

		return rc == OK ? imap_modseq(c, &out->changed_since, err) : rc;
	}
	return err_set(err, ERR_SYNTAX, "unknown or repeated modifier");
}

enum errc imap_fetch_modifiers(struct cursor *c, struct fetch_modifiers *out, struct err *err)
{
	enum errc rc;

	*out = (struct fetch_modifiers){ .changed_since = 0 };
	if (!cursor_take(c, ' '))
		return OK;
	if (!cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "modifiers expected");
	do
		rc = read_fetch_modifier(c, out, err);
	while (rc == OK && cursor_take(c, ' '));
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "modifiers without their end");
	/* RFC 7162 3.2.6: VANISHED only along with CHANGEDSINCE */
	if (rc == OK && out->vanished && out->changed_since == 0)
		return err_set(err, ERR_SYNTAX, "VANISHED without CHANGEDSINCE");
	return rc;
}

enum errc imap_store_modifiers(struct cursor *c, int64_t *unchanged_since_out, struct err *err)
{
	enum errc rc;

	*unchanged_since_out = INT64_MAX;
	if (!cursor_take(c, '('))
		return OK;
	if (!cursor_take_nocase(c, STR("UNCHANGEDSINCE ")))
		return err_set(err, ERR_SYNTAX, "unknown modifier");
	rc = imap_modseq_or_zero(c, unchanged_since_out, err);
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "modifiers without their end");
	return rc == OK ? imap_sp(c, err) : rc;
}

static const struct str entry_types[] = { STR_INIT("priv"), STR_INIT("shared"),
	STR_INIT("all") };

/* entry-name SP entry-type-req SP: DQUOTE "/flags/" attr-flag DQUOTE, and whose flags are meant. */
static enum errc read_entry(struct cursor *c, struct arena *arena, struct err *err)
{
	struct str name, type;
	enum errc rc = imap_string(c, arena, &name, err);

	if (rc == OK && (!str_starts(name, STR("/flags/")) || name.n == STR("/flags/").n))
		return err_set(err, ERR_SYNTAX, "unknown entry of MODSEQ");
	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc != OK)
		return rc;
	type = cursor_take_while(c, ascii_is_alpha);
	for (size_t i = 0; i < COUNT(entry_types); i++)
		if (str_equal_nocase(type, entry_types[i]))
			return imap_sp(c, err);
	return err_set(err, ERR_SYNTAX, "unknown type of an entry");
}

enum errc imap_search_modseq(
    struct cursor *c, struct arena *arena, int64_t *out, struct err *err)
{
	enum errc rc = OK;

	if (cursor_peek(c) == '"')
		rc = read_entry(c, arena, err);
	return rc == OK ? imap_modseq_or_zero(c, out, err) : rc;
}
