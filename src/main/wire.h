/*
 * main/wire.h - who gets what: builds the services from a site and hands each the tables that it calls up through.
 */
#pragma once

#include "deliver/pipeline.h"
#include "imap/imap.h"
#include "lmtp/lmtp.h"
#include "main/control.h"
#include "main/site.h"
#include "net/reactor.h"
#include "net/tls.h"

struct auth;

struct wire {
	struct site *site;
	struct reactor *reactor;
	struct tls_server *tls;
	struct auth *auth;
	struct deliver_env deliver;
	struct lmtp_env lmtp;
	struct imap_env imap;
	struct control_env control;
	struct service lmtp_service, imap_service, control_service;
};

/* Before any thread exists and before root is left: loads the certificate, makes the reactor, binds every listener. */
NODISCARD enum errc wire_bind(struct wire *wire, struct site *site, struct err *err);

/* After site_open: fills the environments of the services and starts the jobs and the workers. */
NODISCARD enum errc wire_start(struct wire *wire, struct err *err);

/* Loads certificate and key again; on an error what was there stays. */
NODISCARD enum errc wire_load_certificate(struct wire *wire, struct err *err);

/* Lets running commands end, then stops and frees everything that wire made. */
void wire_stop(struct wire *wire, int64_t grace_ms);
