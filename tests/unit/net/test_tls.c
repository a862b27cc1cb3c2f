#include "tests/cm.h"

#include "toy.h"

#include "net/selfsigned.h"
#include "net/tls.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/openssl.h"
#include "base/str.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct files {
	char directory[64], certificate[96], key[96], other[96];
};

static int make_files(void **state)
{
	static struct files files;
	static const struct str names[] = { STR_INIT("mail.example.test"),
		STR_INIT("*.example.test") };
	char other_certificate[112];
	struct err err;

	(void)snprintf(files.directory, sizeof(files.directory), "/tmp/tabella-test-XXXXXX");
	assert_non_null(mkdtemp(files.directory));
	(void)snprintf(
	    files.certificate, sizeof(files.certificate), "%s/a.pem", files.directory);
	(void)snprintf(files.key, sizeof(files.key), "%s/a.key", files.directory);
	(void)snprintf(files.other, sizeof(files.other), "%s/b.key", files.directory);
	(void)snprintf(other_certificate, sizeof(other_certificate), "%s.pem", files.other);
	if (selfsigned_create(files.certificate, files.key, names, COUNT(names), &err) != OK ||
	    selfsigned_create(other_certificate, files.other, NULL, 0, &err) != OK)
		fail_msg("%s", err.text);
	(void)unlink(other_certificate);
	*state = &files;
	return 0;
}

static int remove_files(void **state)
{
	struct files *files = *state;

	(void)unlink(files->certificate);
	(void)unlink(files->key);
	(void)unlink(files->other);
	return rmdir(files->directory);
}

/* 0 or what went wrong; of files, as main does it. */
static enum errc load_files(
    struct tls_server *server, const char *const (*paths)[2], size_t count, struct err *err)
{
	struct tls_pem pem[4];
	struct buf text[8];
	enum errc rc = OK;

	for (size_t i = 0; i < 2 * count; i++) {
		text[i] = BUF_INIT(65536);
		if (rc == OK)
			rc = file_read(paths[i / 2][i % 2], 65536, &text[i], err);
	}
	for (size_t i = 0; i < count; i++)
		pem[i] = (struct tls_pem){ paths[i][0], paths[i][1], buf_str(&text[2 * i]),
			buf_str(&text[2 * i + 1]) };
	if (rc == OK)
		rc = tls_server_load(server, pem, count, err);
	for (size_t i = 0; i < 2 * count; i++)
		buf_release(&text[i]);
	return rc;
}

static struct tls_server *load(const struct files *files)
{
	struct tls_server *server = tls_server_new();
	struct err err;

	const char *const paths[1][2] = { { files->certificate, files->key } };

	if (load_files(server, paths, 1, &err) != OK)
		fail_msg("%s", err.text);
	return server;
}

/* A client under TLS on a connected socket. */
struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

/* False when the handshake fails. */
static bool client_tls(struct client *client, int fd, int version_max)
{
	client->fd = fd;
	client->ctx = SSL_CTX_new(TLS_client_method());
	if (version_max != 0) {
		SSL_CTX_set_security_level(client->ctx, 0);
		(void)SSL_CTX_set_min_proto_version(client->ctx, TLS1_VERSION);
		(void)SSL_CTX_set_max_proto_version(client->ctx, version_max);
	}
	client->ssl = SSL_new(client->ctx);
	(void)SSL_set_fd(client->ssl, fd);
	return SSL_connect(client->ssl) == 1;
}

static void client_close(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	(void)close(client->fd);
}

static void tls_say(struct client *client, const char *text)
{
	assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), (int)strlen(text));
}

static void tls_expect(struct client *client, const char *text)
{
	char have[256] = { 0 };
	size_t want = strlen(text), got = 0;

	while (got < want) {
		int n = SSL_read(client->ssl, have + got, (int)(want - got));

		if (n <= 0)
			fail_msg("wanted \"%s\", got \"%s\" and the end", text, have);
		got += (size_t)n;
	}
	assert_string_equal(have, text);
}

static void serves_tls_from_the_first_byte(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };
	struct client client;

	toy_start(&toy);
	assert_true(client_tls(&client, client_open(toy.port), 0));
	tls_say(&client, "tls?\necho a\n");
	tls_expect(&client, "TLSv1\na\n");
	tls_say(&client, "quit\n");
	tls_expect(&client, "bye\n");
	assert_int_equal(SSL_read(client.ssl, (char[1]){ 0 }, 1), 0);
	assert_int_equal(
	    SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
	client_close(&client);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

/* What the client has computed for itself is what the session is told. */
static void expect_binding(struct client *client, const char *command, struct str bytes)
{
	struct buf want = BUF_INIT(256);

	hex_encode(&want, bytes);
	buf_add_char(&want, '\n');
	buf_add_char(&want, '\0');
	tls_say(client, command);
	tls_expect(client, want.p);
	buf_release(&want);
}

/* RFC 9266 and RFC 5929 section 4, with TLS 1.3 and 1.2. */
static void ties_a_session_to_its_connection(void **state)
{
	static const int versions[] = { 0, TLS1_2_VERSION };
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };

	toy_start(&toy);
	for (size_t i = 0; i < COUNT(versions); i++) {
		unsigned char exporter[32], hash[EVP_MAX_MD_SIZE];
		unsigned size = 0;
		struct client client;
		X509 *certificate;

		assert_true(client_tls(&client, client_open(toy.port), versions[i]));
		assert_int_equal(
		    SSL_export_keying_material(client.ssl, exporter, sizeof(exporter),
			"EXPORTER-Channel-Binding", 24, (const unsigned char *)"", 0, 1),
		    1);
		expect_binding(&client, "binding 0\n",
		    (struct str){ (const char *)exporter, sizeof(exporter) });
		certificate = SSL_get1_peer_certificate(client.ssl);
		assert_int_equal(X509_digest(certificate, EVP_sha256(), hash, &size), 1);
		expect_binding(
		    &client, "binding 1\n", (struct str){ (const char *)hash, size });
		X509_free(certificate);
		client_close(&client);
	}
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void has_no_binding_where_it_would_not_be_unique(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server } };
	struct client client = { .fd = -1 };
	int fd;

	toy_start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "binding 0\nbinding 1\n");
	client_expect(fd, "none\nnone\n");
	client_say(fd, "starttls\n");
	client_expect(fd, "go\n");
	/* RFC 9266 section 4.2: TLS 1.2 without the extended master secret */
	client.fd = fd;
	client.ctx = SSL_CTX_new(TLS_client_method());
	(void)SSL_CTX_set_max_proto_version(client.ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(client.ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	client.ssl = SSL_new(client.ctx);
	(void)SSL_set_fd(client.ssl, fd);
	assert_int_equal(SSL_connect(client.ssl), 1);
	tls_say(&client, "binding 0\n");
	tls_expect(&client, "none\n");
	client_close(&client);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

/* RFC 3207 section 6: knowledge from before the handshake is discarded. */
static void drops_what_was_injected_behind_starttls(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server } };
	struct client client;
	int fd;

	toy_start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "tls?\n");
	client_expect(fd, "none\n");
	client_say(fd, "starttls\necho injected\n");
	client_expect(fd, "go\n");
	assert_true(client_tls(&client, fd, 0));
	tls_say(&client, "echo clean\n");
	tls_expect(&client, "clean\n");
	client_close(&client);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void takes_large_input_and_output_under_tls(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };
	struct client client;
	char block[16384];
	size_t total = 0;

	toy_start(&toy);
	assert_true(client_tls(&client, client_open(toy.port), 0));
	/* 70,000 bytes in one line: several records, read in pieces */
	tls_say(&client, "echo ");
	memset(block, 'y', 7000);
	for (int i = 0; i < 10; i++)
		assert_int_equal(SSL_write(client.ssl, block, 7000), 7000);
	tls_say(&client, "\n");
	while (total < 70001) {
		int n = SSL_read(client.ssl, block, sizeof(block));

		assert_true(n > 0);
		total += (size_t)n;
	}
	tls_say(&client, "more 20\necho end\n");
	for (total = 0; total < (size_t)20 * 65536;) {
		size_t left = (size_t)20 * 65536 - total;
		int n = SSL_read(
		    client.ssl, block, (int)(left < sizeof(block) ? left : sizeof(block)));

		assert_true(n > 0 && block[0] == 'x');
		total += (size_t)n;
	}
	tls_expect(&client, "end\n");
	client_close(&client);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void refuses_old_versions_and_what_is_no_tls(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };
	struct client client;
	int fd;

	toy_start(&toy);
	assert_false(client_tls(&client, client_open(toy.port), TLS1_1_VERSION));
	client_close(&client);
	assert_true(client_tls(&client, client_open(toy.port), TLS1_2_VERSION));
	tls_say(&client, "echo 1.2\n");
	tls_expect(&client, "1.2\n");
	client_close(&client);
	fd = client_open(toy.port);
	client_say(fd, "echo in clear, to a port that speaks TLS\n");
	/* an alert may come before the end */
	while (recv(fd, (char[64]){ 0 }, 64, 0) > 0)
		;
	(void)close(fd);
	toy_stop(&toy, 1000);
	assert_int_equal(atomic_load(&toy.opened), 1);
	tls_server_free(&server);
}

static void ends_a_handshake_that_takes_too_long(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true },
		.options = { .handshake_timeout_ms = 50, .handshakes_max = 1 } };
	int first, second;

	toy_start(&toy);
	/* the second waits for the only place and has its own time, too */
	first = client_open(toy.port);
	client_say(first, "\x16");
	second = client_open(toy.port);
	client_say(second, "\x16");
	client_expect_end(first);
	client_expect_end(second);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void keeps_no_place_for_those_who_say_nothing(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true },
		.options = { .handshake_timeout_ms = 600000, .handshakes_max = 1 } };
	struct client client;
	int silent[3];

	toy_start(&toy);
	for (size_t i = 0; i < COUNT(silent); i++)
		silent[i] = client_open(toy.port);
	assert_true(client_tls(&client, client_open(toy.port), 0));
	tls_say(&client, "echo x\n");
	tls_expect(&client, "x\n");
	client_close(&client);
	for (size_t i = 0; i < COUNT(silent); i++)
		(void)close(silent[i]);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void takes_a_close_without_close_notify_as_the_end(void **state)
{
	struct tls_server *server = load(*state);
	struct toy toy = { .listen = { .tls = server, .tls_implicit = true } };
	struct client client;

	toy_start(&toy);
	assert_true(client_tls(&client, client_open(toy.port), 0));
	tls_say(&client, "echo x\n");
	tls_expect(&client, "x\n");
	(void)shutdown(client.fd, SHUT_WR);
	tls_expect(&client, "eof\n");
	client_close(&client);
	toy_stop(&toy, 1000);
	tls_server_free(&server);
}

static void says_what_is_wrong_with_the_files(void **state)
{
	const struct files *files = *state;
	const struct {
		const char *certificate, *key;
		enum errc want;
		const char *text;
	} cases[] = {
		{ files->certificate, files->certificate, ERR_SYNTAX, "no PEM private key" },
		{ files->key, files->key, ERR_SYNTAX, "no PEM certificate" },
		{ files->certificate, files->other, ERR_ARG, "not that of the certificate" },
	};
	struct tls_server *server = load(files);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { .code = OK };
		const char *const paths[1][2] = { { cases[i].certificate, cases[i].key } };
		enum errc rc = load_files(server, paths, 1, &err);

		if (rc != cases[i].want || !strstr(err.text, cases[i].text))
			fail_msg("case %zu: %s: %s", i, errc_name(rc), err.text);
		assert_true(tls_server_is_loaded(server)); /* what was there stays */
	}
	tls_server_free(&server);
}

static void makes_a_certificate_for_its_names(void **state)
{
	const struct files *files = *state;
	FILE *file = fopen(files->certificate, "re");
	X509 *cert;
	struct stat st;

	assert_non_null(file);
	cert = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(cert);
	assert_int_equal(X509_check_host(cert, "mail.example.test", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "imap.example.test", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "example.com", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "::1", 0), 1);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
	X509_free(cert);
	assert_int_equal(stat(files->key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void never_overwrites_and_takes_dns_names_only(void **state)
{
	static const struct {
		struct str name;
		enum errc want;
	} cases[] = {
		{ STR_INIT(""), ERR_SYNTAX },
		{ STR_INIT("*."), ERR_SYNTAX },
		{ STR_INIT("a,DNS:evil.example"), ERR_SYNTAX },
		{ STR_INIT("a*.example"), ERR_SYNTAX },
		{ STR_INIT("mail.example"), ERR_EXISTS },
	};
	const struct files *files = *state;

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    selfsigned_create(files->certificate, files->key, &cases[i].name, 1, NULL),
		    cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_tls_from_the_first_byte),
		cmocka_unit_test(ties_a_session_to_its_connection),
		cmocka_unit_test(has_no_binding_where_it_would_not_be_unique),
		cmocka_unit_test(drops_what_was_injected_behind_starttls),
		cmocka_unit_test(takes_large_input_and_output_under_tls),
		cmocka_unit_test(refuses_old_versions_and_what_is_no_tls),
		cmocka_unit_test(ends_a_handshake_that_takes_too_long),
		cmocka_unit_test(keeps_no_place_for_those_who_say_nothing),
		cmocka_unit_test(takes_a_close_without_close_notify_as_the_end),
		cmocka_unit_test(says_what_is_wrong_with_the_files),
		cmocka_unit_test(makes_a_certificate_for_its_names),
		cmocka_unit_test(never_overwrites_and_takes_dns_names_only),
	};

	return cmocka_run_group_tests_name("net/tls", tests, make_files, remove_files);
}
