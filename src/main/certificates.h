/*
 * main/certificates.h - reading the certificates of the site and giving them to the TLS server.
 */
#pragma once

#include "base/base.h"

struct site;
struct tls_server;

/* At the start and on reload. Errors of files_open and tls_server_load: what was there stays. */
NODISCARD enum errc certificates_load(
    const struct site *site, struct tls_server *tls, struct err *err);
