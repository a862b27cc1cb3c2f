/*
 * authd/dovecot_line.h - the lines of Dovecot's authentication protocol, version 1.2, as a client sends them: a command, then
 * parameters, with TAB between; what is not known is passed over, as the protocol wants it.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

/* At the front of `in`, without its LF and a CR before it; *used_out is what to consume. ERR_MORE; ERR_LIMIT: over
 * DOVECOT_LINE_MAX. */
NODISCARD enum errc dovecot_line_take(struct str in, struct str *line_out, size_t *used_out);

enum dovecot_verb {
	DOVECOT_VERSION,
	DOVECOT_CPID,
	DOVECOT_AUTH,
	DOVECOT_CONT,
	DOVECOT_CANCEL,
	DOVECOT_UNKNOWN,
};

/* What AUTH says of the client and of what it may be answered. */
struct dovecot_auth {
	struct str mechanism;
	struct str service; /* p == NULL: none */
	struct str address, local_address;
	uint16_t port, local_port;
	struct str tls_protocol, tls_cipher;
	bool secured;	     /* nobody on the way reads it: TLS, or the same machine */
	bool final_resp_ok;  /* OK may have the server's last message, as resp= */
	struct str response; /* base 64, "=" for an empty one; p == NULL: none */
};

struct dovecot_command {
	enum dovecot_verb verb;
	uint32_t major, minor;	  /* VERSION */
	uint32_t id;		  /* CPID: a process; AUTH, CONT, CANCEL: a request, not 0 */
	struct str data;	  /* CONT: base 64, may be empty */
	struct dovecot_auth auth; /* AUTH */
};

/*
 * Parses one line. Views of `line`, or unescaped in the arena. ERR_SYNTAX: a parameter that the command has to have is
 * not there or not what it must be; command_out->verb is set then, too, and with AUTH and CONT the id, 0 if that is
 * what is wrong. NUL is a byte like any other.
 */
NODISCARD enum errc dovecot_line_parse(
    struct str line, struct arena *arena, struct dovecot_command *command_out, struct err *err);

/* Appends text so that it holds no TAB, LF, CR or NUL: as \001t and so on. */
void dovecot_escape(struct buf *out, struct str text);
/* The reverse; text without an escape is itself, else it is in the arena. */
struct str dovecot_unescape(struct arena *arena, struct str text);
