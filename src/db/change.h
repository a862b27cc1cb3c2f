/*
 * db/change.h - what a committed transaction changed, as the change bus tells it.
 */
#pragma once

#include <stdint.h>

enum change_kind {
	CHANGE_MAIL = 1, /* entries arrived, changed or went; modseq is the new one */
	CHANGE_FOLDERS,	 /* the account's list of mailboxes, rights or subscriptions */
	CHANGE_ALL, /* something was missed (reconnect, another process): look at everything */
};

struct change {
	int64_t owner;	 /* account id */
	int64_t mailbox; /* mailbox id, 0: the account */
	int64_t modseq;
	enum change_kind kind;
};
