/*
 * imap/parse_int.h - inside src/imap: the readers of arguments that the table in parse.c is made of.
 */
#pragma once

#include "imap/command.h"

struct arena;
struct cursor;

/* Reads the arguments, with the space before them, into the command's member for them. */
typedef enum errc argument_reader(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err);

/* parse_words.c: SP astring; SP mailbox; SP sequence-set */
NODISCARD enum errc imap_sp_astring(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);
NODISCARD enum errc imap_sp_mailbox(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err);
NODISCARD enum errc imap_sp_set(
    struct cursor *c, struct arena *arena, struct seqset *out, struct err *err);

/* parse_login.c */
argument_reader imap_read_login, imap_read_authenticate, imap_read_enable, imap_read_id,
    imap_read_compress;

/* parse_mailbox.c */
argument_reader imap_read_mailbox, imap_read_create, imap_read_rename, imap_read_select;

/* parse_list.c */
argument_reader imap_read_list, imap_read_lsub, imap_read_status;

/* parse_acl.c */
argument_reader imap_read_identifier, imap_read_setacl;

/* parse_quota.c */
argument_reader imap_read_getquota, imap_read_setquota;

/* parse_search.c */
argument_reader imap_read_search;

/* parse_message.c */
argument_reader imap_read_append, imap_read_fetch, imap_read_store, imap_read_copy,
    imap_read_set;
/* A message of an APPEND with the space before it, up to the bytes of its literal. */
NODISCARD enum errc imap_read_append_message(
    struct cursor *c, struct arena *arena, struct append_part *part, struct err *err);
