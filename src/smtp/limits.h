/*
 * smtp/limits.h - every maximum of SMTP and LMTP, with the standard's minimum beside it.
 */
#pragma once

/* A command line with its CRLF. RFC 5321 4.5.3.1.4 asks for 512, the extensions in use here for about 1,000 more. */
#define SMTP_LINE_MAX 4096

/* A path between its brackets. RFC 5321 4.5.3.1.3: 256 with the brackets; UTF-8 addresses are longer. */
#define SMTP_PATH_MAX 1024

/* Parameters of one MAIL or RCPT. */
#define SMTP_PARAMETERS_MAX 16

/* Commands in a row that are not understood before the session is closed. */
#define SMTP_ERRORS_MAX 10

/* Digits of a BDAT size or a SIZE: RFC 1870 says up to 20. */
#define SMTP_SIZE_DIGITS_MAX 20
