#include "tests/cm.h"

#include "toy.h"

#include "net/selfsigned.h"
#include "net/tls_set.h"
#include "net/tls_ticket.h"

#include "base/file.h"
#include "base/openssl.h"
#include "base/str.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAIRS 3

/* What each certificate is for, besides localhost, which selfsigned_create puts into all. */
static const struct str names[PAIRS][2] = {
	{ STR_INIT("mail.default.test"), STR_INIT("both.test") },
	{ STR_INIT("one.test"), STR_INIT("*.one.test") },
	{ STR_INIT("Two.Test"), STR_INIT("both.test") },
};

struct fixture {
	char folder[64], path[PAIRS][2][96];
	struct buf text[PAIRS][2];
	struct tls_pem pem[PAIRS];
};

static int set_up(void **state)
{
	static struct fixture f;
	struct err err;

	(void)snprintf(f.folder, sizeof(f.folder), "/tmp/tabella-test-XXXXXX");
	assert_non_null(mkdtemp(f.folder));
	for (size_t i = 0; i < PAIRS; i++) {
		for (size_t j = 0; j < 2; j++) {
			(void)snprintf(
			    f.path[i][j], sizeof(f.path[i][j]), "%s/%zu.%zu", f.folder, i, j);
			f.text[i][j] = BUF_INIT(65536);
		}
		if (selfsigned_create(f.path[i][0], f.path[i][1], names[i], 2, &err) != OK ||
		    file_read(f.path[i][0], 65536, &f.text[i][0], &err) != OK ||
		    file_read(f.path[i][1], 65536, &f.text[i][1], &err) != OK)
			fail_msg("%s", err.text);
		f.pem[i] = (struct tls_pem){ f.path[i][0], f.path[i][1], buf_str(&f.text[i][0]),
			buf_str(&f.text[i][1]) };
	}
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < PAIRS; i++)
		for (size_t j = 0; j < 2; j++) {
			buf_release(&f->text[i][j]);
			(void)unlink(f->path[i][j]);
		}
	return rmdir(f->folder);
}

static struct tls_server *load(struct fixture *f)
{
	struct tls_server *server = tls_server_new();
	struct err err;

	if (tls_server_load(server, f->pem, PAIRS, &err) != OK)
		fail_msg("%s", err.text);
	return server;
}

/* One visit: the subject of the certificate that it gets into `subject`; *session in and out, for resumption. */
static bool visit(
    uint16_t port, const char *name, int version, char subject[64], SSL_SESSION **session)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int fd = client_open(port);
	X509 *certificate;
	char answer[8];
	bool is_resumed;
	SSL *ssl;

	(void)SSL_CTX_set_min_proto_version(ctx, version);
	(void)SSL_CTX_set_max_proto_version(ctx, version);
	ssl = SSL_new(ctx);
	(void)SSL_set_fd(ssl, fd);
	if (name)
		(void)SSL_set_tlsext_host_name(ssl, name);
	if (session && *session)
		(void)SSL_set_session(ssl, *session);
	assert_int_equal(SSL_connect(ssl), 1);
	/* the ticket of TLS 1.3 comes with the first bytes */
	assert_int_equal(SSL_write(ssl, "echo x\n", 7), 7);
	assert_int_equal(SSL_read(ssl, answer, sizeof(answer)), 2);
	certificate = SSL_get1_peer_certificate(ssl);
	assert_true(X509_NAME_get_text_by_NID(
			X509_get_subject_name(certificate), NID_commonName, subject, 64) > 0);
	X509_free(certificate);
	is_resumed = SSL_session_reused(ssl) == 1;
	if (session) {
		SSL_SESSION_free(*session);
		*session = SSL_get1_session(ssl);
	}
	(void)SSL_shutdown(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return is_resumed;
}

static void gives_the_certificate_of_the_name(void **state)
{
	static const struct {
		const char *name, *subject;
	} cases[] = {
		{ NULL, "mail.default.test" }, { "mail.default.test", "mail.default.test" },
		{ "unknown.test", "mail.default.test" }, { "one.test", "one.test" },
		{ "imap.one.test", "one.test" }, { "IMAP.One.TEST", "one.test" },
		{ "a.b.one.test", "mail.default.test" }, /* a star is one label */
		{ "two.test", "Two.Test" }, { "mail.two.test", "mail.default.test" },
		{ "both.test", "mail.default.test" }, /* the first that has it */
		{ "localhost", "mail.default.test" }, { "test", "mail.default.test" },
		{ "one.test.",
		    "mail.default.test" }, /* no name: RFC 6066 has no dot at the end */
	};
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };

	toy_start(&toy);
	for (size_t i = 0; i < COUNT(cases) * COUNT(versions); i++) {
		const size_t at = i / COUNT(versions);
		char subject[64];

		(void)visit(
		    toy.port, cases[at].name, versions[i % COUNT(versions)], subject, NULL);
		if (strcmp(subject, cases[at].subject) != 0)
			fail_msg("%s: %s", cases[at].name, subject);
	}
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void gives_new_certificates_after_a_load(void **state)
{
	struct fixture *f = *state;
	struct tls_server *server = load(f);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };
	char subject[64];
	struct err err;

	toy_start(&toy);
	(void)visit(toy.port, "one.test", TLS1_3_VERSION, subject, NULL);
	assert_string_equal(subject, "one.test");
	assert_int_equal(tls_server_load(server, &f->pem[2], 1, &err), OK);
	(void)visit(toy.port, "one.test", TLS1_3_VERSION, subject, NULL);
	assert_string_equal(subject, "Two.Test");
	/* one that cannot be used: all stays */
	f->pem[1].key = STR("no key");
	assert_int_equal(tls_server_load(server, f->pem, PAIRS, &err), ERR_SYNTAX);
	assert_non_null(strstr(err.text, f->path[1][1]));
	f->pem[1].key = buf_str(&f->text[1][1]);
	(void)visit(toy.port, "one.test", TLS1_3_VERSION, subject, NULL);
	assert_string_equal(subject, "Two.Test");
	assert_int_equal(
	    tls_server_load(server, f->pem, TLS_CERTIFICATES_MAX + 1, &err), ERR_LIMIT);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void takes_tickets_for_as_long_as_their_keys_live(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct fixture *f = *state;
	char subject[64];
	struct err err;

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct tls_server *server = load(f);
		struct tls_tickets *tickets = tls_server_tickets(server);
		struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };
		SSL_SESSION *session = NULL;
		const int v = versions[i];

		toy_start(&toy);
		assert_false(visit(toy.port, "one.test", v, subject, &session));
		assert_true(visit(toy.port, "one.test", v, subject, &session));
		assert_string_equal(subject, "one.test");
		/* certificates change, tickets stay */
		assert_int_equal(tls_server_load(server, f->pem, PAIRS, &err), OK);
		assert_true(visit(toy.port, "one.test", v, subject, &session));
		/* the key before the newest is good for what is out */
		tls_tickets_age(tickets, TLS_TICKET_KEY_S + 1);
		assert_true(visit(toy.port, "one.test", v, subject, &session));
		tls_tickets_age(tickets, 2 * TLS_TICKET_KEY_S + 1);
		assert_false(visit(toy.port, "one.test", v, subject, &session));
		assert_true(visit(toy.port, "one.test", v, subject, &session));
		SSL_SESSION_free(session);
		toy_stop(&toy, 1000);
		tls_server_free(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_certificate_of_the_name),
		cmocka_unit_test(gives_new_certificates_after_a_load),
		cmocka_unit_test(takes_tickets_for_as_long_as_their_keys_live),
	};

	return cmocka_run_group_tests_name("net/tls_set", tests, set_up, tear_down);
}
