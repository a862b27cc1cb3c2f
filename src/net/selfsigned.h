/*
 * net/selfsigned.h - the certificate of a server that has none yet: EC P-256, signed with its own key, valid for
 * 10 years.
 */
#pragma once

#include "base/base.h"

/* More names than this, or one longer than this, is ERR_LIMIT. */
#define SELFSIGNED_NAMES_MAX 64
#define SELFSIGNED_NAME_SIZE_MAX 253

/*
 * Writes both files (PEM; the key readable by its owner only). The subject is names[0], or "localhost" without
 * names; the subjectAltName has all of `names` (DNS names; a letter, digit, '-', '.', '_' or a leading "*."),
 * localhost, 127.0.0.1 and ::1.
 *
 * ERR_EXISTS: one of the files is there, nothing is changed. ERR_SYNTAX: no DNS name. ERR_UNAVAIL: cannot be
 * written.
 */
NODISCARD enum errc selfsigned_create(const char *certificate_path, const char *key_path,
    const struct str *names, size_t count, struct err *err);
