#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "imap/limits.h"
#include "imap/parse.h"

#include <string.h>

static const struct {
	struct str in;
	enum errc want;
	enum imap_verb verb;
} commands[] = {
	{ STR_INIT("a001 CAPABILITY"), OK, VERB_CAPABILITY },
	{ STR_INIT("a002 noop"), OK, VERB_NOOP },
	{ STR_INIT("A023 LOGOUT"), OK, VERB_LOGOUT },
	{ STR_INIT("a] NOOP"), OK, VERB_NOOP },
	{ STR_INIT("a001 NOOP "), ERR_SYNTAX, VERB_NOOP },
	{ STR_INIT("a001 NOOP x"), ERR_SYNTAX, VERB_NOOP },
	{ STR_INIT("a001"), ERR_SYNTAX, VERB_COUNT },
	{ STR_INIT(""), ERR_SYNTAX, VERB_COUNT },
	{ STR_INIT("a001 "), ERR_UNSUPPORTED, VERB_COUNT },
	{ STR_INIT("a001  NOOP"), ERR_UNSUPPORTED, VERB_COUNT },
	{ STR_INIT("a001 XNOOP"), ERR_UNSUPPORTED, VERB_COUNT },
	{ STR_INIT("a001 UID"), ERR_UNSUPPORTED, VERB_COUNT },
	{ STR_INIT("a001 UID NOOP"), ERR_UNSUPPORTED, VERB_COUNT },
	{ STR_INIT("+ NOOP"), ERR_SYNTAX, VERB_COUNT },
	{ STR_INIT("* NOOP"), ERR_SYNTAX, VERB_COUNT },
	{ STR_INIT("a+ NOOP"), ERR_SYNTAX, VERB_COUNT },
	{ STR_INIT("a001 STARTTLS"), OK, VERB_STARTTLS },
	{ STR_INIT("A001 AUTHENTICATE GSSAPI"), OK, VERB_AUTHENTICATE },
	{ STR_INIT("a AUTHENTICATE PLAIN ="), OK, VERB_AUTHENTICATE },
	{ STR_INIT("a AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q="), OK, VERB_AUTHENTICATE },
	{ STR_INIT("a AUTHENTICATE PLAIN "), ERR_SYNTAX, VERB_AUTHENTICATE },
	{ STR_INIT("a AUTHENTICATE"), ERR_SYNTAX, VERB_AUTHENTICATE },
	{ STR_INIT("a001 LOGIN SMITH SESAME"), OK, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN \"SM\\\"ITH\" {6}\r\nSESAME"), OK, VERB_LOGIN },
	{ STR_INIT("A001 LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man"), OK, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN {1}\r\na\0 b"), ERR_SYNTAX, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN {2}\r\na\0 b"), ERR_SYNTAX, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN SMITH"), ERR_SYNTAX, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN \"a\\x\" b"), ERR_SYNTAX, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN \"a b"), ERR_SYNTAX, VERB_LOGIN },
	{ STR_INIT("a001 LOGIN a \"\""), OK, VERB_LOGIN },
	{ STR_INIT("A142 SELECT INBOX"), OK, VERB_SELECT },
	{ STR_INIT("A142 SELECT INBOX (CONDSTORE)"), OK, VERB_SELECT },
	{ STR_INIT("A142 SELECT INBOX ()"), ERR_SYNTAX, VERB_SELECT },
	{ STR_INIT("A03 FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"), ERR_SYNTAX, VERB_FETCH },
	{ STR_INIT("A03 UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"), OK, VERB_UID_FETCH },
	{ STR_INIT("A03 UID FETCH 1:* MODSEQ (CHANGEDSINCE 1)"), OK, VERB_UID_FETCH },
	{ STR_INIT("A03 STORE 1 (UNCHANGEDSINCE 0) FLAGS.SILENT ()"), OK, VERB_STORE },
	{ STR_INIT("A03 STORE 1 (UNCHANGEDSINCE 0)+FLAGS ()"), ERR_SYNTAX, VERB_STORE },
	{ STR_INIT("A042 STATUS blurdybloop (HIGHESTMODSEQ)"), OK, VERB_STATUS },
	{ STR_INIT("A932 EXAMINE blurdybloop"), OK, VERB_EXAMINE },
	{ STR_INIT("A003 CREATE owatagusiam/"), OK, VERB_CREATE },
	{ STR_INIT("A682 DELETE blurdybloop"), OK, VERB_DELETE },
	{ STR_INIT("A683 RENAME blurdybloop sarasoop"), OK, VERB_RENAME },
	{ STR_INIT("A683 RENAME blurdybloop"), ERR_SYNTAX, VERB_RENAME },
	{ STR_INIT("A002 SUBSCRIBE #news.comp.mail.mime"), OK, VERB_SUBSCRIBE },
	{ STR_INIT("A002 UNSUBSCRIBE #news.comp.mail.mime"), OK, VERB_UNSUBSCRIBE },
	{ STR_INIT("A101 LIST \"\" \"\""), OK, VERB_LIST },
	{ STR_INIT("A202 LIST ~/Mail/ %"), OK, VERB_LIST },
	{ STR_INIT("A202 LIST \"\" *"), OK, VERB_LIST },
	{ STR_INIT("A202 LIST % \"\""), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("A002 LSUB \"#news.\" \"comp.mail.*\""), OK, VERB_LSUB },
	{ STR_INIT("A002 LSUB (SUBSCRIBED) \"\" *"), ERR_SYNTAX, VERB_LSUB },
	{ STR_INIT("A002 LSUB \"\" (a b)"), ERR_SYNTAX, VERB_LSUB },
	{ STR_INIT("a LIST () \"\" *"), OK, VERB_LIST },
	{ STR_INIT("a LIST (SUBSCRIBED REMOTE) \"\" *"), OK, VERB_LIST },
	{ STR_INIT("a LIST (RECURSIVEMATCH SUBSCRIBED) \"\" *"), OK, VERB_LIST },
	{ STR_INIT("a LIST (special-use recursivematch) \"\" *"), OK, VERB_LIST },
	{ STR_INIT("a LIST (RECURSIVEMATCH) \"\" *"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST (RECURSIVEMATCH REMOTE) \"\" *"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST (CHILDREN) \"\" *"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST (SUBSCRIBED ) \"\" *"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST ( SUBSCRIBED) \"\" *"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST (SUBSCRIBED"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" (INBOX \"Dr%\" {1}\r\nx)"), OK, VERB_LIST },
	{ STR_INIT("a LIST \"\" ()"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" (a"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" (a )"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN ()"), OK, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN (CHILDREN SUBSCRIBED SPECIAL-USE)"), OK, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN) CHILDREN)"), OK, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN (STATUS)"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN (STATUS ())"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN (REMOTE)"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a LIST \"\" % RETURN (CHILDREN"), ERR_SYNTAX, VERB_LIST },
	{ STR_INIT("a CREATE x (USE (\\Drafts \\Sent))"), OK, VERB_CREATE },
	{ STR_INIT("a CREATE x (use ())"), OK, VERB_CREATE },
	{ STR_INIT("a CREATE x (USE (Drafts))"), ERR_SYNTAX, VERB_CREATE },
	{ STR_INIT("a CREATE x (USE (\\Drafts)"), ERR_SYNTAX, VERB_CREATE },
	{ STR_INIT("a CREATE x (USE (\\Drafts\\Sent))"), ERR_SYNTAX, VERB_CREATE },
	{ STR_INIT("a CREATE x (FNORD (a))"), ERR_SYNTAX, VERB_CREATE },
	{ STR_INIT("a CREATE x ()"), ERR_SYNTAX, VERB_CREATE },
	{ STR_INIT("A042 STATUS blurdybloop (UIDNEXT MESSAGES)"), OK, VERB_STATUS },
	{ STR_INIT("A042 STATUS blurdybloop ()"), ERR_SYNTAX, VERB_STATUS },
	{ STR_INIT("A042 STATUS blurdybloop (UIDNEXT  MESSAGES)"), ERR_SYNTAX, VERB_STATUS },
	{ STR_INIT("A042 STATUS blurdybloop UIDNEXT"), ERR_SYNTAX, VERB_STATUS },
	{ STR_INIT("A042 STATUS blurdybloop (SIZE DELETED DELETED-STORAGE)"), OK, VERB_STATUS },
	{ STR_INIT("A042 STATUS blurdybloop (UIDNEXT-)"), ERR_SYNTAX, VERB_STATUS },
	{ STR_INIT("A042 STATUS blurdybloop (UIDNEXT"), ERR_SYNTAX, VERB_STATUS },
	{ STR_INIT("a GETQUOTA \"\""), OK, VERB_GETQUOTA },
	{ STR_INIT("a GETQUOTA"), ERR_SYNTAX, VERB_GETQUOTA },
	{ STR_INIT("a GETQUOTAROOT INBOX"), OK, VERB_GETQUOTAROOT },
	{ STR_INIT("a SETQUOTA \"\" (STORAGE 512)"), OK, VERB_SETQUOTA },
	{ STR_INIT("a SETQUOTA \"\" (STORAGE 512 MESSAGE 9223372036854775807)"), OK,
	    VERB_SETQUOTA },
	{ STR_INIT("a SETQUOTA \"\" (STORAGE 9223372036854775808)"), ERR_SYNTAX,
	    VERB_SETQUOTA },
	{ STR_INIT("a SETQUOTA \"\" ()"), OK, VERB_SETQUOTA },
	{ STR_INIT("a SETQUOTA \"\" (STORAGE)"), ERR_SYNTAX, VERB_SETQUOTA },
	{ STR_INIT("a SETQUOTA \"\" (STORAGE 1"), ERR_SYNTAX, VERB_SETQUOTA },
	{ STR_INIT("a GETACL INBOX"), OK, VERB_GETACL },
	{ STR_INIT("a MYRIGHTS INBOX"), OK, VERB_MYRIGHTS },
	{ STR_INIT("a LISTRIGHTS INBOX \"smith\""), OK, VERB_LISTRIGHTS },
	{ STR_INIT("a LISTRIGHTS INBOX"), ERR_SYNTAX, VERB_LISTRIGHTS },
	{ STR_INIT("a SETACL INBOX smith +lrs"), OK, VERB_SETACL },
	{ STR_INIT("a SETACL INBOX smith -cda"), OK, VERB_SETACL },
	{ STR_INIT("a SETACL INBOX smith \"\""), OK, VERB_SETACL },
	{ STR_INIT("a SETACL INBOX smith lrq"), ERR_SYNTAX, VERB_SETACL },
	{ STR_INIT("a SETACL INBOX smith L"), ERR_SYNTAX, VERB_SETACL },
	{ STR_INIT("a SETACL INBOX smith"), ERR_SYNTAX, VERB_SETACL },
	{ STR_INIT("a DELETEACL INBOX smith"), OK, VERB_DELETEACL },
	{ STR_INIT("a DELETEACL INBOX smith lr"), ERR_SYNTAX, VERB_DELETEACL },
	{ STR_INIT("A003 APPEND saved-messages (\\Seen) {310}\r\n"), OK, VERB_APPEND },
	{ STR_INIT("A003 APPEND s (\\Seen $x) \" 1-Feb-2026 01:02:03 +0100\" {1+}\r\n"), OK,
	    VERB_APPEND },
	{ STR_INIT("A003 APPEND s {0}\r\n"), OK, VERB_APPEND },
	{ STR_INIT("A003 APPEND s () {1}\r\n"), OK, VERB_APPEND },
	{ STR_INIT("A003 APPEND s \"30-Feb-2026 01:02:03 +0100\" {1}\r\n"), ERR_SYNTAX,
	    VERB_APPEND },
	{ STR_INIT("A003 APPEND s {1}\r\n x"), ERR_SYNTAX, VERB_APPEND },
	{ STR_INIT("A003 APPEND s \"text\""), ERR_SYNTAX, VERB_APPEND },
	{ STR_INIT("FXXZ CHECK"), OK, VERB_CHECK },
	{ STR_INIT("A341 CLOSE"), OK, VERB_CLOSE },
	{ STR_INIT("A202 EXPUNGE"), OK, VERB_EXPUNGE },
	{ STR_INIT("A202 EXPUNGE 1"), ERR_SYNTAX, VERB_EXPUNGE },
	{ STR_INIT("A202 UID EXPUNGE 3000:3002"), OK, VERB_UID_EXPUNGE },
	{ STR_INIT("A202 UID EXPUNGE"), ERR_SYNTAX, VERB_UID_EXPUNGE },
	{ STR_INIT("A282 SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\""), OK,
	    VERB_SEARCH },
	{ STR_INIT("A283 SEARCH TEXT \"string not in mailbox\""), OK, VERB_SEARCH },
	{ STR_INIT("A284 SEARCH CHARSET UTF-8 TEXT {6}\r\nXXXXXX"), OK, VERB_SEARCH },
	{ STR_INIT("A284 SEARCH CHARSET UTF-8"), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a SEARCH RETURN (MIN COUNT) FLAGGED"), OK, VERB_SEARCH },
	{ STR_INIT("a SEARCH RETURN () 1:*"), OK, VERB_SEARCH },
	{ STR_INIT("a SEARCH return (all max save) CHARSET UTF-8 $"), OK, VERB_SEARCH },
	{ STR_INIT("a SEARCH RETURN (FNORD) ALL"), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a SEARCH RETURN (MIN) "), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a SEARCH RETURN (MIN)"), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a SEARCH RETURN (MIN ALL"), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a SEARCH CHARSET UTF-8 RETURN (MIN) ALL"), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a UID SEARCH UID $ NOT $"), OK, VERB_UID_SEARCH },
	{ STR_INIT("a SEARCH $,1"), ERR_SYNTAX, VERB_SEARCH },
	{ STR_INIT("a FETCH $ FLAGS"), OK, VERB_FETCH },
	{ STR_INIT("a FETCH 1,$ FLAGS"), ERR_SYNTAX, VERB_FETCH },
	{ STR_INIT("a UID EXPUNGE $"), OK, VERB_UID_EXPUNGE },
	{ STR_INIT("A654 FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])"), OK, VERB_FETCH },
	{ STR_INIT("A003 STORE 2:4 +FLAGS (\\Deleted)"), OK, VERB_STORE },
	{ STR_INIT("A003 STORE 2:4 -FLAGS.SILENT \\Deleted \\Seen kw"), OK, VERB_STORE },
	{ STR_INIT("A003 STORE 2:4 FLAGS ()"), OK, VERB_STORE },
	{ STR_INIT("A003 STORE 2:4 FLAGS (\\*)"), ERR_SYNTAX, VERB_STORE },
	{ STR_INIT("A003 STORE 2:4 FLAGS"), ERR_SYNTAX, VERB_STORE },
	{ STR_INIT("A003 STORE 2:4 FLAGS (\\Deleted"), ERR_SYNTAX, VERB_STORE },
	{ STR_INIT("A003 STORE 2:4 xFLAGS (\\Deleted)"), ERR_SYNTAX, VERB_STORE },
	{ STR_INIT("A003 COPY 2:4 MEETING"), OK, VERB_COPY },
	{ STR_INIT("A999 UID FETCH 4827313:4828442 FLAGS"), OK, VERB_UID_FETCH },
	{ STR_INIT("A999 UID STORE 1 FLAGS (a)"), OK, VERB_UID_STORE },
	{ STR_INIT("A999 UID COPY 1 b"), OK, VERB_UID_COPY },
	{ STR_INIT("A999 UID SEARCH ALL"), OK, VERB_UID_SEARCH },
	{ STR_INIT("a IDLE"), OK, VERB_IDLE },
	{ STR_INIT("a UNSELECT"), OK, VERB_UNSELECT },
	{ STR_INIT("a NAMESPACE"), OK, VERB_NAMESPACE },
	{ STR_INIT("a ENABLE CONDSTORE X-GOOD-IDEA"), OK, VERB_ENABLE },
	{ STR_INIT("a ENABLE"), ERR_SYNTAX, VERB_ENABLE },
	{ STR_INIT("a023 ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" NIL)"), OK,
	    VERB_ID },
	{ STR_INIT("a042 ID NIL"), OK, VERB_ID },
	{ STR_INIT("a042 ID ()"), OK, VERB_ID },
	{ STR_INIT("a042 ID (\"name\")"), ERR_SYNTAX, VERB_ID },
	{ STR_INIT("a042 ID"), ERR_SYNTAX, VERB_ID },
};

static void parses_every_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct arena *arena = arena_new("test");
		struct imap_command command;
		enum errc got = imap_parse(commands[i].in, arena, &command, NULL);

		if (got != commands[i].want || command.verb != commands[i].verb)
			fail_msg(
			    "case %zu: got %s, verb %d", i, errc_name(got), (int)command.verb);
		arena_free(&arena);
	}
}

static struct imap_command parsed(struct arena *arena, struct str in)
{
	struct imap_command command;
	struct err err = { .code = OK };

	if (imap_parse(in, arena, &command, &err) != OK)
		fail_msg("%.*s: %s", STR_ARG(in), err.text);
	return command;
}

static void keeps_the_arguments(void **state)
{
	struct arena *arena = arena_new("test");
	struct imap_command c = parsed(arena, STR("A1 LOGIN \"a\\\\\\\"b\" {3}\r\nx{}"));

	(void)state;
	assert_true(str_equal(c.tag, STR("A1")));
	assert_true(str_equal(c.login.user, STR("a\\\"b")));
	assert_true(str_equal(c.login.password, STR("x{}")));
	c = parsed(
	    arena, STR("A1 STORE 2 +FLAGS.SILENT (\\seen \\Recent $Junk \\New \\DELETED)"));
	assert_int_equal(c.store.operation, FLAGS_ADD);
	assert_true(c.store.silent);
	assert_int_equal(c.store.flags.system, FLAG_SEEN | FLAG_DELETED);
	assert_int_equal(c.store.flags.keyword_count, 1);
	assert_true(str_equal(c.store.flags.keywords[0], STR("$Junk")));
	c = parsed(arena, STR("A1 APPEND \"a b\" (x) \"01-Jan-1970 01:00:01 +0100\" {5}\r\n"));
	assert_int_equal(c.append.count, 1);
	assert_true(c.append.parts[0].has_date);
	assert_int_equal(civil_to_unix(&c.append.parts[0].date), 1);
	assert_int_equal(c.append.parts[0].date.zone_min, 60);
	assert_int_equal(c.append.parts[0].size, 5);
	assert_false(c.append.parts[0].binary);
	/* RFC 3502, RFC 3516, RFC 6855 */
	c = parsed(arena,
	    STR("A1 APPEND x {5}\r\n (\\Seen) ~{6+}\r\n \"01-Jan-1970 01:00:01 +0100\" "
		"utf8 (~{7}\r\n) {8}\r\n"));
	assert_int_equal(c.append.count, 4);
	assert_int_equal(c.append.parts[0].size, 5);
	assert_int_equal(c.append.parts[1].size, 6);
	assert_int_equal(c.append.parts[1].flags.system, FLAG_SEEN);
	assert_true(c.append.parts[1].binary && !c.append.parts[1].utf8);
	assert_true(c.append.parts[2].binary && c.append.parts[2].utf8);
	assert_true(c.append.parts[2].has_date && !c.append.parts[3].has_date);
	assert_int_equal(c.append.parts[3].size, 8);
	assert_int_equal(c.append.parts[3].flags.system, 0);
	c = parsed(arena, STR("A1 AUTHENTICATE PLAIN ="));
	assert_true(str_equal(c.authenticate.initial, STR("=")));
	c = parsed(arena, STR("A1 STATUS x (MESSAGES unseen MESSAGES)"));
	assert_int_equal(c.status.items, STATUS_MESSAGES | STATUS_UNSEEN);
	arena_free(&arena);
}

static const struct {
	struct str in;
	enum errc want;
	struct str labels; /* of sections, separated by '|' */
	size_t count;
} fetches[] = {
	{ STR_INIT("ALL"), OK, STR_INIT(""), 4 },
	{ STR_INIT("fast"), OK, STR_INIT(""), 3 },
	{ STR_INIT("FULL"), OK, STR_INIT(""), 5 },
	{ STR_INIT("(ALL)"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("()"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("(FLAGS UID)"), OK, STR_INIT(""), 2 },
	{ STR_INIT("(FLAGS  UID)"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("(FLAGS UID"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("FLAGS UID"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("body"), OK, STR_INIT(""), 1 },
	{ STR_INIT("BODYSTRUCTURE"), OK, STR_INIT(""), 1 },
	{ STR_INIT("body[]"), OK, STR_INIT("BODY[]"), 1 },
	{ STR_INIT("BODY.PEEK[]"), OK, STR_INIT("BODY[]"), 1 },
	{ STR_INIT("BODY.PEEK"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[]<0.1>"), OK, STR_INIT("BODY[]<0>"), 1 },
	{ STR_INIT("BODY[]<4294967295.4294967295>"), OK, STR_INIT("BODY[]<4294967295>"), 1 },
	{ STR_INIT("BODY[]<0.0>"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[]<0>"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[]<9223372036854775807.1>"), OK,
	    STR_INIT("BODY[]<9223372036854775807>"), 1 },
	{ STR_INIT("BODY[]<9223372036854775808.1>"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("(RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)"), OK,
	    STR_INIT("RFC822|RFC822.HEADER|RFC822.TEXT"), 4 },
	{ STR_INIT("BODY[HEADER]"), OK, STR_INIT("BODY[HEADER]"), 1 },
	{ STR_INIT("BODY[header.fields (Date \"x y\")]<3.4>"), OK,
	    STR_INIT("BODY[HEADER.FIELDS (Date \"x y\")]<3>"), 1 },
	{ STR_INIT("BODY[HEADER.FIELDS.NOT ({3}\r\nTo:)]"), OK,
	    STR_INIT("BODY[HEADER.FIELDS.NOT (To:)]"), 1 },
	{ STR_INIT("BODY[HEADER.FIELDS ()]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[HEADER.FIELDS]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[4.2.2.1]"), OK, STR_INIT("BODY[4.2.2.1]"), 1 },
	{ STR_INIT("BODY[4.1.MIME]"), OK, STR_INIT("BODY[4.1.MIME]"), 1 },
	{ STR_INIT("BODY[3.HEADER]"), OK, STR_INIT("BODY[3.HEADER]"), 1 },
	{ STR_INIT("BODY[3.TEXT]"), OK, STR_INIT("BODY[3.TEXT]"), 1 },
	{ STR_INIT("BODY[MIME]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[0]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[1.0]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[1.]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[1..2]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[TEXT.1]"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("BODY[1"), ERR_SYNTAX, STR_INIT(""), 0 },
	{ STR_INIT("XBODY"), ERR_SYNTAX, STR_INIT(""), 0 },
};

static void parses_what_to_fetch(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fetches); i++) {
		struct arena *arena = arena_new("test");
		struct cursor c = cursor_of(fetches[i].in);
		const struct fetch_item *items = NULL;
		struct buf labels = BUF_INIT(1000);
		size_t count = 0;
		enum errc got = imap_fetch_items(&c, arena, &items, &count, NULL);

		if (got == OK && !cursor_at_end(&c))
			got = ERR_SYNTAX;
		else if (got == OK && count != fetches[i].count)
			fail_msg("case %zu: %zu items", i, count);
		for (size_t k = 0; got == OK && k < count; k++) {
			if (items[k].kind != FETCH_SECTION)
				continue;
			if (labels.n > 0)
				buf_add_char(&labels, '|');
			buf_add_str(&labels, items[k].label);
		}
		if (got != fetches[i].want || !str_equal(buf_str(&labels), fetches[i].labels))
			fail_msg(
			    "case %zu: %s %.*s", i, errc_name(got), STR_ARG(buf_str(&labels)));
		buf_release(&labels);
		arena_free(&arena);
	}
}

/* Writes a search as nested lists. */
static void print_key(struct buf *out, const struct search_key *key)
{
	static const char *const names[] = { "all", "set", "uid", "flags", "recent", "keyword",
		"larger", "smaller", "modseq", "before", "on", "since", "sentbefore", "senton",
		"sentsince", "envelope", "header", "body", "text", "and", "or", "not" };

	buf_printf(out, "(%s", names[key->op]);
	switch (key->op) {
	case SEARCH_FLAGS:
		buf_printf(out, " %d", (int)key->flags);
		break;
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
		buf_printf(out, " %llu", (unsigned long long)key->size);
		break;
	case SEARCH_MODSEQ:
		buf_printf(out, " %lld", (long long)key->modseq);
		break;
	case SEARCH_BEFORE:
	case SEARCH_SENT_ON:
		buf_printf(out, " %d", (int)key->day);
		break;
	case SEARCH_ENVELOPE:
	case SEARCH_HEADER:
		buf_printf(out, " %.*s", STR_ARG(key->field));
		__attribute__((fallthrough));
	case SEARCH_KEYWORD:
	case SEARCH_BODY:
	case SEARCH_TEXT:
		buf_printf(out, " %.*s", STR_ARG(key->text));
		break;
	case SEARCH_AND:
	case SEARCH_OR:
	case SEARCH_NOT:
		for (const struct search_key *k = key->child; k != NULL; k = k->next)
			print_key(out, k);
		break;
	default:
		break;
	}
	buf_add_char(out, ')');
}

static const struct {
	struct str in, want;
} searches[] = {
	{ STR_INIT("ALL"), STR_INIT("(all)") },
	{ STR_INIT("1,3:4 UID 5:*"), STR_INIT("(and(set)(uid))") },
	{ STR_INIT("*"), STR_INIT("(set)") },
	{ STR_INIT("UNSEEN NOT ANSWERED"), STR_INIT("(and(not(flags 1))(not(flags 2)))") },
	{ STR_INIT("OR SEEN (DRAFT DELETED) FLAGGED"),
	    STR_INIT("(and(or(flags 1)(and(and(flags 16)(flags 8))))(flags 4))") },
	{ STR_INIT("NEW OLD RECENT"),
	    STR_INIT("(and(and(recent)(not(flags 1)))(not(recent))(recent))") },
	{ STR_INIT("FROM a Subject \"b c\" HEADER x \"\""),
	    STR_INIT("(and(envelope From a)(envelope Subject b c)(header x ))") },
	{ STR_INIT("BEFORE 2-Jan-1970 SENTON \"01-Jan-1970\""),
	    STR_INIT("(and(before 1)(senton 0))") },
	{ STR_INIT("LARGER 0 SMALLER 4294967295"),
	    STR_INIT("(and(larger 0)(smaller 4294967295))") },
	{ STR_INIT("MODSEQ 0 NOT MODSEQ 9223372036854775807"),
	    STR_INIT("(and(modseq 0)(not(modseq 9223372036854775807)))") },
	{ STR_INIT("MODSEQ \"/flags/\\\\draft\" all 620162338"),
	    STR_INIT("(modseq 620162338)") },
	{ STR_INIT("KEYWORD $a UNKEYWORD b"), STR_INIT("(and(keyword $a)(not(keyword b)))") },
	{ STR_INIT("TEXT {3}\r\na\"b BODY x"), STR_INIT("(and(text a\"b)(body x))") },
	{ STR_INIT("NOT NOT ALL"), STR_INIT("(not(not(all)))") },
	{ STR_INIT("((ALL))"), STR_INIT("(and(and(all)))") },
	/* refused */
	{ STR_INIT(""), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("()"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("(ALL"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("ALL "), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("NOT"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("OR SEEN"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("ON 31-Feb-2026"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("ON \"1-Feb-2026"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("LARGER 9223372036854775807"), STR_INIT("(larger 9223372036854775807)") },
	{ STR_INIT("SMALLER 9223372036854775808"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("MODSEQ"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("MODSEQ 9223372036854775808"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("MODSEQ \"/flags/x\" some 1"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("MODSEQ \"/flags/\" all 1"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("MODSEQ \"/else/x\" all 1"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("MODSEQ \"/flags/x\" all"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("KEYWORD \\Seen"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("NONSENSE"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT("UID x"), STR_INIT("ERR_SYNTAX") },
};

static void parses_what_to_search(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(searches); i++) {
		struct arena *arena = arena_new("test");
		struct cursor c = cursor_of(searches[i].in);
		struct search_key *key;
		struct buf got = BUF_INIT(1000);
		enum errc rc = imap_search_keys(&c, arena, &key, NULL);

		if (rc == OK && !cursor_at_end(&c))
			rc = ERR_SYNTAX;
		if (rc == OK)
			print_key(&got, key);
		else
			buf_add_str(&got, str_from(errc_name(rc)));
		if (!str_equal(buf_str(&got), searches[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&got)));
		buf_release(&got);
		arena_free(&arena);
	}
}

/* "(" and "ALL" and ")", so many deep; each level counts as one. */
static enum errc search_of_depth(size_t depth)
{
	struct arena *arena = arena_new("test");
	char *text = arena_alloc(arena, depth * 2 + 3);
	struct cursor c = { text, text + depth * 2 + 3 };
	struct search_key *key;
	enum errc rc;

	memset(text, '(', depth);
	memcpy(text + depth, "ALL", 3);
	memset(text + depth + 3, ')', depth);
	rc = imap_search_keys(&c, arena, &key, NULL);
	arena_free(&arena);
	return rc;
}

static void limits_how_deep_a_search_is(void **state)
{
	(void)state;
	assert_int_equal(search_of_depth(IMAP_SEARCH_DEPTH_MAX - 2), OK);
	assert_int_equal(search_of_depth(IMAP_SEARCH_DEPTH_MAX - 1), OK);
	assert_int_equal(search_of_depth(IMAP_SEARCH_DEPTH_MAX), ERR_LIMIT);
	assert_int_equal(search_of_depth(100000), ERR_LIMIT);
}

static enum errc fetch_of_items(size_t count)
{
	struct arena *arena = arena_new("test");
	struct buf text = BUF_INIT(100000);
	const struct fetch_item *items;
	struct cursor c;
	enum errc rc;

	BUF_ADD(&text, "(UID");
	for (size_t i = 1; i < count; i++)
		BUF_ADD(&text, " UID");
	BUF_ADD(&text, ")");
	c = cursor_of(buf_str(&text));
	rc = imap_fetch_items(&c, arena, &items, &count, NULL);
	buf_release(&text);
	arena_free(&arena);
	return rc;
}

static void limits_the_items_of_a_fetch(void **state)
{
	(void)state;
	assert_int_equal(fetch_of_items(IMAP_FETCH_ITEMS_MAX - 1), OK);
	assert_int_equal(fetch_of_items(IMAP_FETCH_ITEMS_MAX), OK);
	assert_int_equal(fetch_of_items(IMAP_FETCH_ITEMS_MAX + 1), ERR_LIMIT);
}

static enum errc fetch_of_ranges(size_t count)
{
	struct arena *arena = arena_new("test");
	struct buf text = BUF_INIT(SIZE_MAX);
	struct imap_command command;
	enum errc rc;

	BUF_ADD(&text, "a FETCH 1");
	for (size_t i = 1; i < count; i++)
		buf_printf(&text, ",%zu", 2 * i + 1);
	BUF_ADD(&text, " UID");
	rc = imap_parse(buf_str(&text), arena, &command, NULL);
	buf_release(&text);
	arena_free(&arena);
	return rc;
}

static void limits_the_ranges_of_a_set(void **state)
{
	(void)state;
	assert_int_equal(fetch_of_ranges(IMAP_SET_RANGES_MAX - 1), OK);
	assert_int_equal(fetch_of_ranges(IMAP_SET_RANGES_MAX), OK);
	assert_int_equal(fetch_of_ranges(IMAP_SET_RANGES_MAX + 1), ERR_LIMIT);
}

static const struct {
	struct str in;
	bool want;
} literals[] = {
	{ STR_INIT("a APPEND x {3}\r\n"), true },
	{ STR_INIT("a append \"x\" (\\Seen) {3+}\r\n"), true },
	{ STR_INIT("a APPEND {1}\r\nx \" 1-Feb-2026 01:02:03 +0100\" {3}\r\n"), true },
	{ STR_INIT("a APPEND {3}\r\n"), false },
	{ STR_INIT("a APPEND x (\\Seen {3}\r\n"), false },
	{ STR_INIT("a APPEND x{3}\r\n"), false },
	{ STR_INIT("a APPEND x ~{3}\r\n"), true },
	{ STR_INIT("a APPEND x () ~{3+}\r\n"), true },
	{ STR_INIT("a APPEND x UTF8 (~{3+}\r\n"), true },
	{ STR_INIT("a APPEND x UTF8 ({3+}\r\n"), false },
	{ STR_INIT("a APPEND ~{1}\r\n"), false },
	{ STR_INIT("a LOGIN x {3}\r\n"), false },
};

static const struct {
	struct str in;
	bool want;
} next_literals[] = {
	{ STR_INIT(" {3}\r\n"), true },
	{ STR_INIT(" (\\Seen) ~{3+}\r\n"), true },
	{ STR_INIT(") {3}\r\n"), true },
	{ STR_INIT(") UTF8 (~{3}\r\n"), true },
	{ STR_INIT("{3}\r\n"), false },
	{ STR_INIT(" x {3}\r\n"), false },
	{ STR_INIT(" (\\Seen {3}\r\n"), false },
};

static void knows_the_message_of_an_append(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(literals); i++) {
		struct arena *arena = arena_new("test");

		if (imap_literal_is_message(literals[i].in, arena) != literals[i].want)
			fail_msg("case %zu", i);
		arena_free(&arena);
	}
	for (size_t i = 0; i < COUNT(next_literals); i++) {
		struct arena *arena = arena_new("test");

		if (imap_literal_is_next_message(next_literals[i].in, arena) !=
		    next_literals[i].want)
			fail_msg("next %zu", i);
		arena_free(&arena);
	}
}

static enum errc append_of_messages(size_t count)
{
	struct arena *arena = arena_new("test");
	struct buf text = BUF_INIT(SIZE_MAX);
	struct imap_command command;
	enum errc rc;

	BUF_ADD(&text, "a APPEND x");
	for (size_t i = 0; i < count; i++)
		BUF_ADD(&text, " {1}\r\n");
	rc = imap_parse(buf_str(&text), arena, &command, NULL);
	if (rc == OK)
		assert_int_equal(command.append.count, count);
	buf_release(&text);
	arena_free(&arena);
	return rc;
}

static void limits_the_messages_of_an_append(void **state)
{
	(void)state;
	assert_int_equal(append_of_messages(IMAP_APPEND_MESSAGES_MAX - 1), OK);
	assert_int_equal(append_of_messages(IMAP_APPEND_MESSAGES_MAX), OK);
	assert_int_equal(append_of_messages(IMAP_APPEND_MESSAGES_MAX + 1), ERR_LIMIT);
}

static void finds_the_tag_of_broken_commands(void **state)
{
	(void)state;
	assert_true(str_equal(imap_tag_of(STR("a1 NOOP")), STR("a1")));
	assert_true(str_equal(imap_tag_of(STR("a1")), STR("a1")));
	assert_int_equal(imap_tag_of(STR("a+ x")).n, 0);
	assert_int_equal(imap_tag_of(STR("")).n, 0);
	assert_int_equal(imap_tag_of(STR("* OK")).n, 0);
}

/* `head`, so many times `item` with spaces between them, `tail`. */
static enum errc repeated(const char *head, const char *item, size_t count, const char *tail)
{
	struct arena *arena = arena_new("test");
	struct buf text = BUF_INIT(65536);
	struct imap_command command;
	enum errc rc;

	buf_printf(&text, "%s", head);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", item);
	buf_printf(&text, "%s", tail);
	rc = imap_parse(buf_str(&text), arena, &command, NULL);
	buf_release(&text);
	arena_free(&arena);
	return rc;
}

static void bounds_patterns_and_uses(void **state)
{
	(void)state;
	for (int over = -1; over <= 1; over++) {
		enum errc want = over > 0 ? ERR_LIMIT : OK;

		assert_int_equal(repeated("a LIST \"\" (", "%",
				     (size_t)(IMAP_LIST_PATTERNS_MAX + over), ")"),
		    want);
		assert_int_equal(repeated("a CREATE x (USE (", "\\Sent",
				     (size_t)(IMAP_CREATE_USES_MAX + over), "))"),
		    want);
	}
}

static const struct {
	struct str in;
	bool want;
} utf8_cases[] = {
	{ STR_INIT(""), true },
	{ STR_INIT("a NOOP"), true },
	{ STR_INIT("a SELECT \"\xc3\xbc\""), true },
	{ STR_INIT("a SELECT \"\xc3\""), false },
	{ STR_INIT("a SELECT \"\xed\xa0\x80\""), false }, /* a surrogate */
	{ STR_INIT("a SEARCH TEXT {2}\r\n\xff\xfe"), true },
	{ STR_INIT("a SEARCH TEXT {2+}\r\n\xff\xfe TEXT \"\xfe\""), false },
	{ STR_INIT("a SEARCH TEXT {2+}\r\n\r\n TEXT {1}\r\n\xfe TEXT \"\xc3\xbc\""), true },
	{ STR_INIT("a SEARCH TEXT {2+}\r\n\r\n TEXT {1}\r\n\xfe TEXT \"\xc3\""), false },
	{ STR_INIT("a APPEND x {9}\r\n"), true },
	{ STR_INIT("a SEARCH TEXT {99999999999}\r\n\xff"), false },
};

static void sees_what_is_not_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(utf8_cases); i++)
		if (imap_quoted_is_utf8(utf8_cases[i].in) != utf8_cases[i].want)
			fail_msg("case %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_what_is_not_utf8),
		cmocka_unit_test(bounds_patterns_and_uses),
		cmocka_unit_test(parses_every_command),
		cmocka_unit_test(keeps_the_arguments),
		cmocka_unit_test(parses_what_to_fetch),
		cmocka_unit_test(parses_what_to_search),
		cmocka_unit_test(limits_how_deep_a_search_is),
		cmocka_unit_test(limits_the_items_of_a_fetch),
		cmocka_unit_test(limits_the_ranges_of_a_set),
		cmocka_unit_test(knows_the_message_of_an_append),
		cmocka_unit_test(limits_the_messages_of_an_append),
		cmocka_unit_test(finds_the_tag_of_broken_commands),
	};

	return cmocka_run_group_tests_name("imap/parse", tests, NULL, NULL);
}
