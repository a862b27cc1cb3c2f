/*
 * imap/view.h - the selected mailbox as the client knows it: which message has which number, and what it was told.
 *
 * Numbers are those of the index version `known`. A newer version becomes the known one only when the client was
 * told of every message that went (RFC 3501 7.4.1); until then flags are taken from the newer one and numbers from
 * the known one. Nothing here is read from the network.
 */
#pragma once

#include "imap/seqset.h"
#include "store/index.h"

struct buf;
struct imap_session;
struct mailbox;
struct mailbox_look;

/* Messages with these uids are \Recent in this session. */
struct recent_range {
	uint32_t first, last;
};

#define VIEW_RECENT_RANGES_MAX 64

struct imap_view {
	int64_t owner, mailbox;
	uint32_t uidvalidity;	      /* as the client was told */
	unsigned rights;	      /* enum right */
	bool read_only;		      /* EXAMINE, or there is no right to change anything */
	struct index_version *known;  /* NULL: nothing asked for it yet */
	struct index_version *newest; /* `known` itself, or a newer one */
	struct index_version *
	    partial; /* while `known` is NULL: keywords, and what SELECT told of; NULL: nothing */
	uint32_t exists;  /* as the client was told */
	uint32_t uidnext; /* messages from this uid on were not told */
	int64_t modseq;	  /* flags up to here were told */
	int64_t
	    complete; /* every change up to here was told, what went and what came too: HIGHESTMODSEQ */
	uint32_t recent; /* as told */
	size_t keywords; /* how many were told with FLAGS */
	struct recent_range recents[VIEW_RECENT_RANGES_MAX];
	size_t recent_count;
	bool watched;	     /* on the bus */
	bool fresh;	     /* `newest` was read by the command that ends now, in this step */
	struct seqset saved; /* UIDs of the search result '$' (RFC 5182), sorted; on the heap */
	/* news that are being told, in steps */
	struct {
		bool active, expunges, gone;
		uint32_t next;	   /* sequence number to look at */
		uint32_t expunged; /* so many messages before it */
		uint32_t exists;   /* when all expunges are told */
		unsigned phase;
	} sync;
};

/* A message as it is now: with the version whose keywords its bits mean. entry == NULL: there is none. */
struct view_message {
	const struct index_entry *entry;
	const struct index_version *version;
};

/* What a command itself reported or did: no news to the client. */
struct view_told {
	struct seqset seqs; /* sorted: numbers of `known` */
	int64_t since,
	    upto; /* flags over `since` up to `upto` were reported for them; upto INT64_MIN: none */
	const int64_t *own; /* modseqs of what the command changed of them, ascending */
	size_t own_count;
};

/* Keeps nothing that must be freed but versions: view_close. */
void view_close(struct imap_session *s);

/* `known` is there after this. ERR_STATE: messages went before anything was known of them. ERR_NOTFOUND: it is gone. */
NODISCARD enum errc view_load(struct imap_session *s, struct db *db, struct err *err);

/*
 * A view that tells its first news: the newest version is known, and all that is in it was told. `row`: of the mailbox,
 * just read; NULL: it is read.
 */
NODISCARD enum errc view_pin(
    struct imap_session *s, struct db *db, const struct index_row *row, struct err *err);

/* Reads the newest version. The client is told nothing. ERR_DENIED: the right to read was taken away. */
NODISCARD enum errc view_refresh(struct imap_session *s, struct db *db, struct err *err);

/* Its two halves: one question that is asked, and what to do about the answer. */
NODISCARD enum errc view_look(
    struct imap_session *s, struct db *db, struct mailbox_look *look_out, struct err *err);
NODISCARD enum errc view_bring_up(
    struct imap_session *s, struct db *db, const struct mailbox_look *look, struct err *err);

/* Message number `seq`, 1 to exists. */
struct view_message view_message(const struct imap_view *view, uint32_t seq);

bool view_is_recent(const struct imap_view *view, uint32_t uid);
void view_add_recent(struct imap_view *view, uint32_t first, uint32_t last);

/* Messages up to `exists` of `version` that are \Recent here. */
uint32_t view_count_recent(const struct imap_view *view, const struct index_version *version);

/*
 * Numbers of a command's set as sorted ranges of sequence numbers; with `uid`, those of the messages with these uids
 * that are there. '$' is what was saved, in both cases. ERR_SYNTAX: a sequence number beyond the last message (RFC 3501 section 9, seq-number).
 */
NODISCARD enum errc view_resolve(const struct imap_view *view, const struct seqset *set,
    bool uid, struct arena *arena, struct seqset *seqs_out, struct err *err);

/*
 * UIDs become the saved search result. Ranges may span UIDs that are not there any more; those that went later are
 * passed over when it is used. They are copied. ERR_LIMIT: there is no room for them; what was saved stays.
 */
NODISCARD enum errc view_save(
    struct imap_session *s, const struct seq_range *uids, size_t count, struct err *err);

/* Nothing is saved. */
void view_unsave(struct imap_session *s);

/* "(\Seen keyword \Recent)"; no \Recent for who enabled IMAP4rev2. */
void view_add_flags(
    struct buf *out, const struct imap_session *s, const struct view_message *message);

/* "MODSEQ (n)" */
void view_add_modseq(struct buf *out, const struct index_entry *entry);

/* A FETCH response that nobody asked for item by item: FLAGS if `flags`; UID and MODSEQ for who has to get them. */
void view_tell_message(
    struct imap_session *s, uint32_t seq, const struct view_message *message, bool flags);

/* "* OK [HIGHESTMODSEQ n]": `complete`. */
void view_tell_highestmodseq(struct imap_session *s);

/*
 * The same to a client of QRESYNC that may have seen MODSEQs of messages which are higher: those of news that have to
 * wait, and of a command that failed before its news (RFC 7162 section 5).
 */
void view_tell_if_behind(struct imap_session *s);

/* FLAGS, and PERMANENTFLAGS, if there are keywords that the client was not told of. */
void view_tell_keywords(struct imap_session *s);

/* Both in any case. */
void view_tell_flags(struct imap_session *s);

/*
 * Tells what happened, in steps: ERR_MORE when the step is over. `expunges`: whether numbers may change. Takes its own
 * connection. `told` may be NULL.
 */
NODISCARD enum errc view_sync(
    struct imap_session *s, bool expunges, const struct view_told *told, struct err *err);

/* As a 64-bit name on the bus. */
void view_watch(struct imap_session *s);
void view_unwatch(struct imap_session *s);
