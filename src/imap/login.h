/*
 * imap/login.h - LOGIN and AUTHENTICATE: who is there.
 */
#pragma once

struct imap_session;

/* Ends what is still under way. For session.c. */
void imap_login_free(struct imap_session *s);
