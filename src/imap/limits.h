/*
 * imap/limits.h - the largest of everything that a client may send, with what the standards ask for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Before login: whoever is there is a stranger. */
#define IMAP_STRANGER_LINE_MAX 8192
#define IMAP_STRANGER_LITERAL_MAX 4096
#define IMAP_STRANGER_SESSION_MAX 16384

/* RFC 2683 3.2.1.5 asks for lines of 8000 bytes at least. */
#define IMAP_LINE_MAX 65536
/* Strings of one command; the message of an APPEND goes to the spool instead. */
#define IMAP_LITERAL_MAX 65536
/* All lines and literals of one command. */
#define IMAP_COMMAND_MAX ((size_t)196608)
/* A refused LITERAL+ up to this is read and dropped; of a larger one nothing is read, BYE (RFC 7888 section 4). */
#define IMAP_DROP_MAX UINT64_C(268435456)

/* RFC 7888 section 5: what may be sent without waiting where LITERAL- is announced, and RFC 9051 asks for at least. */
#define IMAP_LITERAL_MINUS_MAX 4096

/* Of the messages of an APPEND this is kept in memory, the rest in a file. */
#define IMAP_SPOOL_MEMORY_MAX ((size_t)262144)

/* Of one APPEND (RFC 3502): messages, and all their bytes in sizes of the largest message that is taken. */
#define IMAP_APPEND_MESSAGES_MAX 1000
#define IMAP_APPEND_TOTAL_FACTOR 4

/* A name as it is sent; what is stored is bounded by the store. */
#define IMAP_MAILBOX_SENT_MAX 4096
#define IMAP_SET_RANGES_MAX 16384
#define IMAP_FETCH_ITEMS_MAX 256
#define IMAP_HEADER_FIELDS_MAX 1024
#define IMAP_SECTION_DEPTH_MAX 64
#define IMAP_FLAGS_MAX 512
/* Of a saved search result, 8 bytes each for as long as the mailbox is selected. */
#define IMAP_SAVED_RANGES_MAX 65536
#define IMAP_SEARCH_KEYS_MAX 4096
#define IMAP_SEARCH_DEPTH_MAX 64
#define IMAP_ENABLE_MAX 64
#define IMAP_LIST_PATTERNS_MAX 64
#define IMAP_CREATE_USES_MAX 16

/* RFC 2971 section 3.3 */
#define IMAP_ID_PAIRS_MAX 30
#define IMAP_ID_KEY_MAX 30
#define IMAP_ID_VALUE_MAX 1024

/* Bad commands one after the other, then BYE: who is logged in may expect more patience. */
#define IMAP_STRANGER_BAD_MAX 5
#define IMAP_BAD_MAX 20
