/*
 * imap/verbs.c - what each verb does, where it is legal and what it needs.
 */
#include "imap/imap_int.h"
#include "imap/parse.h"

#define ANY (IMAP_STRANGER | IMAP_KNOWN | IMAP_SELECTED)
#define LOGGED_IN (IMAP_KNOWN | IMAP_SELECTED)

static const struct imap_verb_row rows[] = {
	[VERB_CAPABILITY] = { ANY, false, false, NEWS_NONE, NULL, imap_run_capability },
	[VERB_NOOP] = { ANY, false, true, NEWS_ALL, NULL, imap_run_noop },
	[VERB_LOGOUT] = { ANY, false, false, NEWS_NONE, NULL, imap_run_logout },
	[VERB_ID] = { ANY, false, false, NEWS_NONE, "ID", imap_run_id },
	[VERB_STARTTLS] = { IMAP_STRANGER, false, false, NEWS_NONE, NULL, imap_run_starttls },
	[VERB_AUTHENTICATE] = { IMAP_STRANGER, false, false, NEWS_NONE, "SASL-IR",
	    imap_run_authenticate },
	[VERB_LOGIN] = { IMAP_STRANGER, false, false, NEWS_NONE, NULL, imap_run_login },
	[VERB_COMPRESS] = { LOGGED_IN, false, false, NEWS_NONE, NULL, imap_run_compress },
	[VERB_ENABLE] = { LOGGED_IN, false, false, NEWS_NONE, "ENABLE UTF8=ACCEPT",
	    imap_run_enable },
	[VERB_SELECT] = { LOGGED_IN, true, false, NEWS_NONE, "CONDSTORE QRESYNC",
	    imap_run_select },
	[VERB_EXAMINE] = { LOGGED_IN, true, false, NEWS_NONE, NULL, imap_run_select },
	[VERB_CREATE] = { LOGGED_IN, true, false, NEWS_ALL, "CREATE-SPECIAL-USE",
	    imap_run_create },
	[VERB_DELETE] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_delete },
	[VERB_RENAME] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_rename },
	[VERB_SUBSCRIBE] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_subscribe },
	[VERB_UNSUBSCRIBE] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_subscribe },
	[VERB_LIST] = { LOGGED_IN, true, false, NEWS_ALL,
	    "CHILDREN LIST-EXTENDED LIST-STATUS SPECIAL-USE", imap_run_list },
	[VERB_LSUB] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_list },
	[VERB_NAMESPACE] = { LOGGED_IN, false, true, NEWS_ALL, "NAMESPACE",
	    imap_run_namespace },
	[VERB_STATUS] = { LOGGED_IN, true, false, NEWS_ALL, "STATUS=SIZE", imap_run_status },
	[VERB_GETQUOTA] = { LOGGED_IN, true, false, NEWS_ALL, "QUOTA QUOTA=RES-STORAGE",
	    imap_run_getquota },
	[VERB_GETQUOTAROOT] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_getquotaroot },
	[VERB_SETQUOTA] = { LOGGED_IN, false, false, NEWS_NONE, NULL, imap_run_setquota },
	[VERB_GETACL] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_getacl },
	[VERB_MYRIGHTS] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_myrights },
	[VERB_LISTRIGHTS] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_listrights },
	[VERB_SETACL] = { LOGGED_IN, true, false, NEWS_ALL, "ACL RIGHTS=texk",
	    imap_run_setacl },
	[VERB_DELETEACL] = { LOGGED_IN, true, false, NEWS_ALL, NULL, imap_run_setacl },
	[VERB_APPEND] = { LOGGED_IN, true, false, NEWS_ALL, "MULTIAPPEND", imap_run_append },
	[VERB_IDLE] = { LOGGED_IN, false, false, NEWS_ALL, "IDLE", imap_run_idle },
	[VERB_CHECK] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_noop },
	[VERB_CLOSE] = { IMAP_SELECTED, true, false, NEWS_NONE, NULL, imap_run_close },
	[VERB_UNSELECT] = { IMAP_SELECTED, false, false, NEWS_NONE, "UNSELECT",
	    imap_run_unselect },
	[VERB_EXPUNGE] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_expunge },
	[VERB_SEARCH] = { IMAP_SELECTED, true, false, NEWS_NUMBERS_STAY, "ESEARCH SEARCHRES",
	    imap_run_search },
	[VERB_FETCH] = { IMAP_SELECTED, true, false, NEWS_NUMBERS_STAY, "BINARY",
	    imap_run_fetch },
	[VERB_STORE] = { IMAP_SELECTED, true, false, NEWS_NUMBERS_STAY, NULL, imap_run_store },
	[VERB_COPY] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_copy },
	[VERB_MOVE] = { IMAP_SELECTED, true, false, NEWS_ALL, "MOVE", imap_run_move },
	[VERB_UID_EXPUNGE] = { IMAP_SELECTED, true, false, NEWS_ALL, "UIDPLUS",
	    imap_run_expunge },
	[VERB_UID_SEARCH] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_search },
	[VERB_UID_FETCH] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_fetch },
	[VERB_UID_STORE] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_store },
	[VERB_UID_COPY] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_copy },
	[VERB_UID_MOVE] = { IMAP_SELECTED, true, false, NEWS_ALL, NULL, imap_run_move },
};
_Static_assert(COUNT(rows) == VERB_COUNT, "every verb does something");

const struct imap_verb_row *imap_verb_row(enum imap_verb verb)
{
	return &rows[verb];
}

/* What could not be read as a command is counted as the verb behind the last. */
static struct str verb_word(size_t i)
{
	return i < VERB_COUNT ? imap_verb_name((enum imap_verb)i) : STR("invalid");
}

struct session_verbs imap_session_verbs(void)
{
	return (struct session_verbs){ verb_word, VERB_COUNT + 1, VERB_IDLE };
}
