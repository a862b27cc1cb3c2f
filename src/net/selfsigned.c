#include "net/selfsigned.h"

#include "base/buf.h"
#include "base/openssl.h"
#include "base/random.h"
#include "base/str.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* RFC 5280 4.1.2.2: positive, 20 bytes at the most. */
#define SERIAL_SIZE 16
#define VALID_DAYS 3652

static bool is_name_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_';
}

static enum errc check_name(struct str name, struct err *err)
{
	size_t start = str_starts(name, STR("*.")) ? 2 : 0;

	if (name.n > SELFSIGNED_NAME_SIZE_MAX)
		return err_set(err, ERR_LIMIT, "certificate: a name of %zu bytes", name.n);
	for (size_t i = start; i < name.n; i++) {
		if (!is_name_char(name.p[i]))
			start = name.n;
	}
	if (start >= name.n)
		return err_set(
		    err, ERR_SYNTAX, "certificate: \"%.*s\" is no DNS name", STR_ARG(name));
	return OK;
}

/* "DNS:a.example,DNS:localhost,IP:127.0.0.1,IP:::1", NUL-terminated. */
static void list_names(const struct str *names, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		BUF_ADD(out, "DNS:");
		buf_add_str(out, names[i]);
		BUF_ADD(out, ",");
	}
	BUF_ADD(out, "DNS:localhost,IP:127.0.0.1,IP:::1");
	buf_add_char(out, 0);
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool added;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	added = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_SIZE];
	BIGNUM *number;
	bool is_set;

	random_bytes(bytes, sizeof(bytes));
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return is_set;
}

static bool set_subject(X509 *cert, struct str name)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	/* RFC 5280 upper bound of a common name; all names stand in the subjectAltName */
	name = name.n <= 64 ? name : STR("localhost");
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
		   (const unsigned char *)name.p, (int)name.n, -1, 0) == 1 &&
	    X509_set_issuer_name(cert, subject) == 1;
}

static bool fill(X509 *cert, EVP_PKEY *key, struct str subject, const char *alt_names)
{
	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	    /* an hour back: not every clock is right */
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
	    X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, NULL) &&
	    X509_set_pubkey(cert, key) == 1 && set_subject(cert, subject) &&
	    add_extension(cert, NID_subject_alt_name, alt_names) &&
	    add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, NID_subject_key_identifier, "hash") &&
	    X509_sign(cert, key, EVP_sha256()) > 0;
}

/* A new file, on the disk. */
static enum errc write_new(const char *path, mode_t mode, BIO *content, struct err *err)
{
	char *p = NULL;
	long n = BIO_get_mem_data(content, &p);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool is_written;

	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_EXISTS, "%s is there already", path);
	if (fd < 0)
		return err_set(err, ERR_UNAVAIL, "%s: %s", path, strerror(errno));
	/* whatever the umask says */
	is_written = fchmod(fd, mode) == 0 && write(fd, p, (size_t)n) == n && fsync(fd) == 0;
	if (is_written && close(fd) == 0)
		return OK;
	(void)err_set(err, ERR_UNAVAIL, "%s: %s", path, strerror(errno));
	if (!is_written)
		(void)close(fd);
	(void)unlink(path);
	return ERR_UNAVAIL;
}

static enum errc write_both(const char *certificate_path, BIO *certificate,
    const char *key_path, BIO *key, struct err *err)
{
	enum errc rc = write_new(key_path, 0600, key, err);

	if (rc != OK)
		return rc;
	rc = write_new(certificate_path, 0644, certificate, err);
	if (rc != OK)
		(void)unlink(key_path);
	return rc;
}

enum errc selfsigned_create(const char *certificate_path, const char *key_path,
    const struct str *names, size_t count, struct err *err)
{
	struct buf alt_names =
	    BUF_INIT((size_t)SELFSIGNED_NAMES_MAX * (SELFSIGNED_NAME_SIZE_MAX + 5) + 64);
	BIO *cert_pem = NULL, *key_pem = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	enum errc rc = OK;

	if (count > SELFSIGNED_NAMES_MAX)
		return err_set(err, ERR_LIMIT, "certificate: %zu names", count);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = check_name(names[i], err);
	if (rc != OK)
		return rc;
	list_names(names, count, &alt_names);

	key = EVP_EC_gen("P-256");
	cert = X509_new();
	cert_pem = BIO_new(BIO_s_mem());
	key_pem = BIO_new(BIO_s_mem());
	if (!key || !cert || !cert_pem || !key_pem ||
	    !fill(cert, key, count > 0 ? names[0] : STR("localhost"), alt_names.p) ||
	    PEM_write_bio_X509(cert_pem, cert) != 1 ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1)
		rc = err_set(err, ERR_INTERNAL, "certificate: %s",
		    ERR_reason_error_string(ERR_get_error()));
	else
		rc = write_both(certificate_path, cert_pem, key_path, key_pem, err);
	BIO_free(key_pem);
	BIO_free(cert_pem);
	X509_free(cert);
	EVP_PKEY_free(key);
	buf_release(&alt_names);
	return rc;
}
