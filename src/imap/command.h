/*
 * imap/command.h - a command of RFC 3501 (and of the extensions that are announced) after parsing.
 */
#pragma once

#include "base/civil.h"
#include "imap/fetch_att.h"
#include "imap/list_select.h"
#include "imap/modseq.h"
#include "imap/search_key.h"
#include "imap/search_result.h"
#include "imap/seqset.h"
#include "store/acl.h"
#include "store/message.h"

/* In the order of the grammar's table (parse.c) and of the table of what they do (verbs.c). */
enum imap_verb {
	VERB_CAPABILITY,
	VERB_NOOP,
	VERB_LOGOUT,
	VERB_ID,
	VERB_STARTTLS,
	VERB_AUTHENTICATE,
	VERB_LOGIN,
	VERB_ENABLE,
	VERB_COMPRESS,
	VERB_SELECT,
	VERB_EXAMINE,
	VERB_CREATE,
	VERB_DELETE,
	VERB_RENAME,
	VERB_SUBSCRIBE,
	VERB_UNSUBSCRIBE,
	VERB_LIST,
	VERB_LSUB,
	VERB_NAMESPACE,
	VERB_STATUS,
	VERB_GETQUOTA,
	VERB_GETQUOTAROOT,
	VERB_SETQUOTA,
	VERB_GETACL,
	VERB_MYRIGHTS,
	VERB_LISTRIGHTS,
	VERB_SETACL,
	VERB_DELETEACL,
	VERB_APPEND,
	VERB_IDLE,
	VERB_CHECK,
	VERB_CLOSE,
	VERB_UNSELECT,
	VERB_EXPUNGE,
	VERB_SEARCH,
	VERB_FETCH,
	VERB_STORE,
	VERB_COPY,
	VERB_MOVE,
	VERB_UID_EXPUNGE,
	VERB_UID_SEARCH,
	VERB_UID_FETCH,
	VERB_UID_STORE,
	VERB_UID_COPY,
	VERB_UID_MOVE,
	VERB_COUNT
};

/* Items of STATUS, a bit each. */
enum status_item {
	STATUS_MESSAGES = 1 << 0,
	STATUS_RECENT = 1 << 1,
	STATUS_UIDNEXT = 1 << 2,
	STATUS_UIDVALIDITY = 1 << 3,
	STATUS_UNSEEN = 1 << 4,
	STATUS_DELETED = 1 << 5,	 /* RFC 9051 6.3.11 */
	STATUS_SIZE = 1 << 6,		 /* RFC 8438 */
	STATUS_DELETED_STORAGE = 1 << 7, /* RFC 9208 4.1.4 */
	STATUS_HIGHESTMODSEQ = 1 << 8,
};

struct id_pair {
	struct str key;
	struct str value; /* p == NULL: NIL */
};

/* A message of an APPEND; its bytes are in the spool, one message behind the other. */
struct append_part {
	struct flag_list flags;
	bool has_date;
	struct civil date;
	uint32_t size;
	bool binary; /* literal8: NUL is a byte like any other (RFC 3516) */
	bool utf8;   /* in "UTF8 (...)": its header may be UTF-8 (RFC 6855) */
};

struct imap_command {
	struct str tag; /* p == NULL as long as none could be read */
	enum imap_verb verb;
	bool uid; /* numbers are UIDs, and UID is reported */
	union {
		struct {
			struct str user, password;
		} login;
		struct {
			struct str mechanism;
			struct str
			    initial; /* base 64 as sent; p == NULL: none. "=" is an empty one */
		} authenticate;
		struct {
			const struct str *names;
			size_t count;
		} enable;
		struct {
			const struct id_pair *pairs;
			size_t count;
		} id;
		struct {
			struct str mailbox;
			struct select_params params;
		} select;
		struct str mechanism; /* of COMPRESS */
		struct str mailbox;   /* as sent; so are all names of mailboxes here */
		struct {
			struct str mailbox;
			const struct str *uses; /* "\Drafts": RFC 6154 section 3 */
			size_t use_count;
		} create;
		struct {
			struct str from, to;
		} rename;
		struct {
			struct str reference;
			const struct str *patterns;
			size_t pattern_count;
			struct list_options options;
		} list;
		struct {
			struct str mailbox;
			unsigned items; /* enum status_item */
		} status;
		struct {
			struct str mailbox;
			const struct append_part *parts; /* one a message */
			size_t count;
		} append;
		struct {
			struct seqset set;
			const struct fetch_item *items;
			size_t count;
			struct fetch_modifiers modifiers;
		} fetch;
		struct {
			struct seqset set;
			int64_t unchanged_since; /* INT64_MAX: no condition */
			enum flag_operation operation;
			bool silent;
			struct flag_list flags;
		} store;
		struct {
			struct seqset set;
			struct str mailbox;
		} copy; /* MOVE, too */
		struct {
			unsigned returns;   /* enum search_return; 0: the answer of RFC 3501 */
			struct str charset; /* p == NULL: none */
			struct search_key *key;
		} search;
		struct str quota_root;
		struct {
			struct str mailbox, identifier;
			enum acl_operation operation;
			unsigned rights; /* enum right */
		} acl;
		struct seqset set; /* UID EXPUNGE */
	};
};
