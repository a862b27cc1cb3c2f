/*
 * main/wire.h - who gets what: builds the services from a site and hands each the tables that it calls up through.
 */
#pragma once

#include "http/http.h"
#include "main/control.h"
#include "main/edition.h"
#include "main/metrics.h"
#include "main/site.h"
#include "net/reactor.h"
#include "net/tls.h"

struct auth;
struct inherited;

struct wire {
	struct site *site;
	struct reactor *reactor;
	struct tls_server *tls;
	struct inherited *inherited; /* while it binds */
	struct auth *auth;
	struct editions editions;
	struct control_env control;
	struct metrics_env metrics;
	struct metrics *lmtp_metrics, *imap_metrics, *http_metrics, *deliver_metrics;
	struct metrics *dovecot_metrics, *saslauthd_metrics;
	struct http_env http;
	struct service lmtp_service, imap_service, http_service, control_service;
	struct service dovecot_service, saslauthd_service;
};

/* Before any thread exists and before root is left: loads the certificate, makes the reactor, binds every listener. */
NODISCARD enum errc wire_bind(struct wire *wire, struct site *site, struct err *err);

/* After site_open: fills the environments of the services and starts the jobs and the workers. */
NODISCARD enum errc wire_start(struct wire *wire, struct err *err);

/* Loads certificate and key again; on an error what was there stays. */
NODISCARD enum errc wire_load_certificate(struct wire *wire, struct err *err);

/* Can it take the place of the one that the server was started with? ERR_LIMIT: not without a restart. */
NODISCARD enum errc wire_check(
    const struct wire *wire, const struct conf *conf, struct err *err);

/* Takes over a configuration that was read again and has kept what needs a restart (conf_keep_started): new sessions
 * get it. */
void wire_adopt(struct wire *wire, struct conf *conf);

/* Stops and frees everything that wire made; with `grace` running commands may end before, for as long as
 * net.stop_grace says. */
void wire_stop(struct wire *wire, bool grace);
