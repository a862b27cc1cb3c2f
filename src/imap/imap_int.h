/*
 * imap/imap_int.h - what the files of src/imap share: the session and how commands speak to it.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/command.h"
#include "imap/framer.h"
#include "imap/imap.h"
#include "imap/reply.h"
#include "store/store.h"

struct imap_view;
struct view_told;
struct authlog_entry;
struct login;
struct spool;

/* Bits, so that the table of verbs can say where one is legal. The diagram is in session.c. */
enum imap_state {
	IMAP_STRANGER = 1 << 0, /* "not authenticated" */
	IMAP_KNOWN = 1 << 1,	/* "authenticated" */
	IMAP_SELECTED = 1 << 2,
	IMAP_ENDED = 1 << 3, /* "logout" */
};

/* What a client has switched on for its session (RFC 5161); never off again. A bit each. */
enum imap_enabled {
	ENABLED_CONDSTORE = 1 << 0, /* RFC 7162: also by a command that uses it */
	ENABLED_QRESYNC = 1 << 1,
	ENABLED_UTF8 = 1 << 2, /* RFC 6855 UTF8=ACCEPT */
	ENABLED_REV2 = 1 << 3, /* RFC 9051 */
};

/* What a command's step came to. */
enum imap_run {
	RUN_DONE,   /* answered (imap_reply was called with a tagged kind) */
	RUN_FINISH, /* imap_finish was called: the mailbox's news, then the answer */
	RUN_MORE,   /* the step is over and the command is not */
	RUN_INPUT,  /* a line of the client is needed */
	RUN_WAIT,   /* EVENT_DONE is needed */
	RUN_IDLE,
	RUN_TICKET,
	RUN_TLS,
	RUN_DEFLATE,
	RUN_CLOSE, /* whatever has to be said was said */
};

/* What a command may tell of a mailbox's news before its answer (RFC 3501 7.4.1, 5.5). */
enum imap_news {
	NEWS_NONE,
	NEWS_NUMBERS_STAY, /* no EXPUNGE: FETCH, STORE, SEARCH */
	NEWS_ALL,
};

struct imap_session {
	struct session base; /* first: the driver knows only this */
	const struct imap_env *env;
	enum imap_state state;
	unsigned enabled; /* enum imap_enabled */
	struct framer framer;
	size_t taken; /* of base.in in this step */
	int64_t step_until_us;
	bool greeted, eof, stopping;
	bool bus; /* the bus told of a change; IDLE clears it */

	struct arena *arena; /* the command's: cleared when it is answered */
	bool running;
	enum session_result result; /* of the command, for those who count */
	struct imap_command command;
	void *work; /* what the command keeps between its steps, in the arena */
	void (*work_free)(struct imap_session *s, void *work); /* NULL: the arena is all */
	struct view_told *told; /* what the command reported itself; in the arena */
	struct {
		bool ready, ok; /* ok: OK, else NO */
		bool modseq;	/* with HIGHESTMODSEQ, if QRESYNC is enabled */
		struct str text;
	} finish;

	struct {
		struct spool *spool; /* NULL: none, or it could not be kept */
		size_t count;	     /* that were announced */
		uint64_t bytes;
		uint64_t memory; /* booked for storing them */
	} messages;		 /* of the APPEND that is being read or run */
	unsigned bad_commands;	 /* one after the other */
	size_t stranger_bytes;
	int64_t active_ms, timer_ms; /* monotonic; 0: no timer */

	struct login *login;	       /* while somebody logs in */
	bool login_line;	       /* a line of the client is awaited by it */
	struct authlog_entry *journal; /* of the one who is logged in; NULL: none is kept */
	unsigned login_failures;
	struct actor actor;
	struct str user; /* on the heap; of the one who is logged in */
	struct imap_view *view;
};

/* One row a verb: verbs.c. */
struct imap_verb_row {
	unsigned states; /* where it is legal */
	bool ticket,
	    ticket_selected; /* needs the database: always; when a mailbox is selected */
	enum imap_news news;
	const char *capability; /* announced because this verb is here; NULL: none */
	enum imap_run (*run)(struct imap_session *s);
};
const struct imap_verb_row *imap_verb_row(enum imap_verb verb);

/* session.c: the only writer of `state`. */
void imap_session_enter(struct imap_session *s, enum imap_state state);

/* 64 KB of output or 5 ms. */
bool imap_step_is_over(const struct imap_session *s);

/*
 * A line that the client sends in the middle of a command, after framer_next_plain. ERR_MORE: it is not complete;
 * ERR_LIMIT: it is too long and was dropped. Borrowed until the framer's next call.
 */
NODISCARD enum errc imap_take_line(struct imap_session *s, struct str *line_out);

/* A connection for this step; ERR_UNAVAIL. To be given back with db_return before the step ends. */
NODISCARD enum errc imap_lease(struct imap_session *s, struct db **db_out, struct err *err);

/* Deselects; a view is closed with its watches. */
void imap_deselect(struct imap_session *s);

/* Answers OK after the news of the mailbox. `code` without brackets, a constant; NULL: none. */
enum imap_run imap_finish(struct imap_session *s, const char *code, const char *text);

/* The same with NO. */
enum imap_run imap_finish_no(struct imap_session *s, const char *code, const char *text);

/* OK, or NO, with a text that has its response code: "[COPYUID 1 2 3] done". Copied. */
enum imap_run imap_finish_text(struct imap_session *s, struct str text);
enum imap_run imap_finish_no_text(struct imap_session *s, struct str text);

/* OK of a command that removed messages (EXPUNGE, MOVE): with HIGHESTMODSEQ for who enabled QRESYNC (RFC 7162 3.2.7, 3.2.9). */
enum imap_run imap_finish_modseq(struct imap_session *s, const char *text);

/* A command was answered NO. RFC 5182 2.1: a SEARCH that was to save leaves nothing saved then; BAD leaves what is there. */
void imap_search_refused(struct imap_session *s);

/* A command whose rest is not known: its tag and the answer. What was kept of it is gone. */
void imap_refuse_text(
    struct imap_session *s, enum reply_kind kind, const char *code, const char *text);

/* "* BYE": the connection ends. */
enum imap_run imap_bye(struct imap_session *s, const char *code, const char *text);
/* The same to a client that may be sending: what it sends is read for a moment, or a reset would overtake our words. */
enum imap_run imap_bye_amid(struct imap_session *s, const char *code, const char *text);

/* What is kept of the command besides input and output, in bytes. */
size_t imap_command_memory(const struct imap_session *s);

/* literal.c: one was announced; bytes of one that goes to the spool. */
enum imap_run imap_literal_announced(struct imap_session *s);
enum imap_run imap_literal_data(struct imap_session *s);

/* mailbox_name.c: a name as sent to one for the store. ERR_SYNTAX: it is not in the form that names have. */
NODISCARD enum errc imap_decode_mailbox(
    struct imap_session *s, struct str sent, struct str *name_out, struct err *err);

/* The same; false: it was answered. */
bool imap_mailbox_name(struct imap_session *s, struct str sent, struct str *name_out);

/* Appends a name to the output as it is sent: an atom or quoted; in modified UTF-7 or, if that is enabled, UTF-8. */
void imap_add_mailbox(struct imap_session *s, struct str name);

/* Has the client enabled UTF-8 in quoted strings (RFC 6855, RFC 9051)? */
bool imap_speaks_utf8(const struct imap_session *s);

/* capability.c: "IMAP4rev1 ..." as it is now. */
void imap_add_capabilities(const struct imap_session *s, struct buf *out);

/*
 * cmd_enable.c: a command that shows that the client knows CONDSTORE. The first one tells the HIGHESTMODSEQ of the
 * selected mailbox (RFC 7162 3.1).
 */
void imap_enable_condstore(struct imap_session *s);

/* cmd_*.c */
enum imap_run imap_run_capability(struct imap_session *s);
enum imap_run imap_run_noop(struct imap_session *s);
enum imap_run imap_run_logout(struct imap_session *s);
enum imap_run imap_run_id(struct imap_session *s);
enum imap_run imap_run_starttls(struct imap_session *s);
enum imap_run imap_run_authenticate(struct imap_session *s);
enum imap_run imap_run_login(struct imap_session *s);
enum imap_run imap_run_enable(struct imap_session *s);
enum imap_run imap_run_compress(struct imap_session *s);
enum imap_run imap_run_select(struct imap_session *s);
enum imap_run imap_run_create(struct imap_session *s);
enum imap_run imap_run_delete(struct imap_session *s);
enum imap_run imap_run_rename(struct imap_session *s);
enum imap_run imap_run_subscribe(struct imap_session *s);
enum imap_run imap_run_list(struct imap_session *s);
enum imap_run imap_run_namespace(struct imap_session *s);
enum imap_run imap_run_status(struct imap_session *s);
enum imap_run imap_run_getquota(struct imap_session *s);
enum imap_run imap_run_getquotaroot(struct imap_session *s);
enum imap_run imap_run_setquota(struct imap_session *s);
enum imap_run imap_run_getacl(struct imap_session *s);
enum imap_run imap_run_myrights(struct imap_session *s);
enum imap_run imap_run_listrights(struct imap_session *s);
enum imap_run imap_run_setacl(struct imap_session *s);
enum imap_run imap_run_append(struct imap_session *s);
enum imap_run imap_run_idle(struct imap_session *s);
enum imap_run imap_run_close(struct imap_session *s);
enum imap_run imap_run_unselect(struct imap_session *s);
enum imap_run imap_run_expunge(struct imap_session *s);
enum imap_run imap_run_search(struct imap_session *s);
enum imap_run imap_run_fetch(struct imap_session *s);
enum imap_run imap_run_store(struct imap_session *s);
enum imap_run imap_run_copy(struct imap_session *s);
enum imap_run imap_run_move(struct imap_session *s);
