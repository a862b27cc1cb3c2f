/*
 * imap/list_tell.h - LIST and LSUB responses: the attributes of a mailbox's name.
 */
#pragma once

#include "base/base.h"

struct imap_session;
struct mailbox;

/* What a response holds beside what every client knows; a bit each. */
enum list_form {
	LIST_FORM_NONEXISTENT = 1 << 0, /* \NonExistent, where it is \Noselect else */
	LIST_FORM_SUBSCRIBED = 1 << 1,
};

/* Is there a mailbox that the actor may open? */
bool list_is_selectable(const struct mailbox *mailbox);

/* Appends "* LIST (...) "/" name", without the line's end. */
void list_tell(struct imap_session *s, const struct mailbox *mailbox, enum list_form form);

/* The whole line; `selected`: the name is subscribed itself, not only one below it. */
void list_tell_lsub(struct imap_session *s, const struct mailbox *mailbox, bool selected);

/* A whole LIST response that nobody asked for, with OLDNAME (RFC 9051 6.3.9.7); `old` empty: without. */
void list_tell_renamed(struct imap_session *s, const struct mailbox *mailbox, struct str old);
