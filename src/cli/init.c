/*
 * cli/init.c - a new site in an empty folder: configuration, certificate, database, first domain and account.
 *
 * What was made is taken away again when a later step fails, so that the command can simply be repeated. Started by
 * root, the folder is given to the server's user and the process becomes that user before it writes anything.
 */
#include "auth/scheme.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/user.h"
#include "main/privileges.h"
#include "net/selfsigned.h"
#include "store/account.h"
#include "store/alias.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIGURATION_MAX ((size_t)65536)
#define PORT_BASE_MAX (65535 - 4190) /* the highest service port above it: ManageSieve */
#define HOSTNAME_ROOM 256

struct init {
	struct cli *cli;
	const char *given; /* the folder as the administrator named it */
	char *folder;	   /* absolute */
	const char *conf;  /* its tabella.conf */
	const char *user;  /* whom the server becomes; NULL: not started by root */
	bool made_folder;
	struct str hostname, domain, listen, database;
	uint64_t port_base;
	struct str account, password;  /* empty: none */
	struct str stored, encryption; /* what is kept of the password */
	bool generated;
};

static const char *path_in(const struct init *init, const char *name)
{
	return str_cstr(
	    init->cli->arena, str_printf(init->cli->arena, "%s/%s", init->folder, name));
}

/* Folders and files that a site begins with, in the order in which they can be removed. */
static const char *const made_files[] = { "tls/cert.pem", "tls/key.pem", "tabella.db-wal",
	"tabella.db-shm", "tabella.db", "node-0.lock", "tabella.conf" };
static const char *const made_folders[] = { "tls", "spool" };

static void take_away(const struct init *init)
{
	for (size_t i = 0; i < COUNT(made_files); i++)
		(void)unlink(path_in(init, made_files[i]));
	for (size_t i = 0; i < COUNT(made_folders); i++)
		(void)rmdir(path_in(init, made_folders[i]));
	if (init->made_folder)
		(void)rmdir(init->folder);
}

static enum errc check_empty(const char *path, struct err *err)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	enum errc rc = OK;

	if (!folder)
		return err_set(
		    err, ERR_UNAVAIL, "cannot look into %s: %s", path, strerrordesc_np(errno));
	while (rc == OK && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = err_set(err, ERR_EXISTS,
			    "%s is not empty (there is \"%s\"): name another folder with "
			    "--dir, "
			    "or empty it",
			    path, entry->d_name);
	}
	(void)closedir(folder);
	return rc;
}

static enum errc make_folder(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) != 0)
		return err_set(
		    err, ERR_UNAVAIL, "cannot make %s: %s", path, strerrordesc_np(errno));
	return OK;
}

static enum errc prepare_folder(struct init *init, struct err *err)
{
	struct stat about;
	enum errc rc;

	if (stat(init->given, &about) == 0) {
		rc = S_ISDIR(about.st_mode)
		    ? check_empty(init->given, err)
		    : err_set(err, ERR_EXISTS, "%s is no folder", init->given);
	} else {
		rc = make_folder(init->given, 0750, err);
		init->made_folder = rc == OK;
	}
	if (rc != OK)
		return rc;
	init->folder = arena_alloc(init->cli->arena, PATH_MAX);
	if (!realpath(init->given, init->folder))
		return err_set(err, ERR_UNAVAIL, "cannot find the way to %s: %s", init->given,
		    strerrordesc_np(errno));
	init->conf = path_in(init, "tabella.conf");
	return OK;
}

/* The folder becomes the server's user's, and so do we. */
static enum errc hand_over(const struct init *init, struct err *err)
{
	const struct passwd *entry;
	enum errc rc;

	if (!init->user)
		return OK;
	entry = getpwnam(init->user);
	if (!entry)
		return err_set(err, ERR_NOTFOUND,
		    "there is no user \"%s\" here: make it, or name another with --run-as",
		    init->user);
	if (entry->pw_uid == 0)
		return err_set(err, ERR_ARG,
		    "the server never runs as root: name another user with --run-as");
	if (chown(init->folder, entry->pw_uid, entry->pw_gid) != 0)
		return err_set(err, ERR_UNAVAIL, "cannot give %s to %s: %s", init->folder,
		    init->user, strerrordesc_np(errno));
	rc = privileges_become_user(init->user, err);
	if (rc == OK && access(init->folder, R_OK | W_OK | X_OK) != 0)
		return err_set(err, ERR_DENIED,
		    "user %s cannot reach %s: a folder above it is closed to it. Name another "
		    "folder with --dir, or another user with --run-as",
		    init->user, init->folder);
	return rc;
}

static void add_listen(
    struct buf *out, const struct init *init, const char *key, struct str host, unsigned port)
{
	buf_printf(out, "%s = %.*s:%llu\n", key, STR_ARG(host),
	    (unsigned long long)init->port_base + port);
}

static void add_head(struct buf *out, const struct init *init)
{
	BUF_ADD(out,
	    "# The configuration of Tabella. `tabella config show` prints every option with "
	    "its "
	    "value,\n# docs/configuration.md explains them, `tabella config check` finds "
	    "mistakes.\n\n"
	    "# How the server calls itself, in greetings and in Received lines.\n");
	buf_printf(out, "hostname = %.*s\n\n", STR_ARG(init->hostname));
	if (init->user)
		buf_printf(out,
		    "# Whom the server becomes when root starts it.\nrun_as = %s\n\n",
		    init->user);
	BUF_ADD(out,
	    "# Scratch files of messages that are being received.\nspool = spool\n\n"
	    "[db]\n# Everything that is kept is in here.\n");
	buf_printf(out, "url = %.*s\n\n", STR_ARG(init->database));
}

static void add_services(struct buf *out, const struct init *init)
{
	BUF_ADD(out,
	    "[tls]\n# A certificate of our own making, for a start: put that of a real "
	    "authority here.\n"
	    "certificate = tls/cert.pem\nkey = tls/key.pem\n\n"
	    "[imap]\n# Reading mail: with STARTTLS, and with TLS from the first byte.\n");
	add_listen(out, init, "listen", init->listen, 143);
	add_listen(out, init, "listen_tls", init->listen, 993);
	BUF_ADD(out,
	    "\n[lmtp]\n# Taking mail from an MTA. It asks nobody for a password: what is not "
	    "this machine\n# needs a line such as: allow = 192.0.2.0/24\n");
	add_listen(out, init, "listen", STR("localhost"), 24);
	if (init->domain.n > 0)
		buf_printf(out,
		    "\n[deliver]\n# Recipients without a domain are looked up in this "
		    "one.\ndefault_domain = %.*s\n",
		    STR_ARG(init->domain));
}

static enum errc write_files(const struct init *init, struct err *err)
{
	struct buf text = BUF_INIT(CONFIGURATION_MAX);
	struct str names[2] = { init->hostname, init->domain };
	size_t count = init->domain.n > 0 && !str_equal(init->domain, init->hostname) ? 2 : 1;
	enum errc rc;

	add_head(&text, init);
	add_services(&text, init);
	rc = file_write(init->conf, buf_str(&text), 0640, err);
	buf_release(&text);
	if (rc == OK)
		rc = make_folder(path_in(init, "spool"), 0700, err);
	if (rc == OK)
		rc = make_folder(path_in(init, "tls"), 0750, err);
	if (rc == OK)
		rc = selfsigned_create(path_in(init, "tls/cert.pem"),
		    path_in(init, "tls/key.pem"), names, count, err);
	return rc;
}

static enum errc add_account(const struct init *init, struct site *site, struct err *err)
{
	struct arena *arena = init->cli->arena;
	struct account_new account = { .name = init->account };
	struct str address = init->account;
	int64_t id;
	struct user_password password = { .text = init->password };
	enum errc rc = scheme_make(STR("argon2id"), init->password, arena, &password.stored,
	    &password.encryption, err);

	if (rc == OK)
		rc = user_password_keys(arena, site, init->account, &password, err);
	if (rc != OK)
		return rc;
	account.passwd = password.stored;
	account.encryption = password.encryption;
	account.keys = password.keys;
	account.key_count = password.key_count;
	if (str_find_char(address, '@') == address.n && init->domain.n > 0)
		address = str_printf(
		    arena, "%.*s@%.*s", STR_ARG(init->account), STR_ARG(init->domain));
	if (str_find_char(address, '@') < address.n) {
		account.aliases = &address;
		account.alias_count = 1;
	}
	return account_create(site->store, &account, &id, err);
}

static enum errc fill_database(const struct init *init, struct site *site, struct err *err)
{
	struct domain domain = { .name = init->domain, .kind = DOMAIN_LOCAL, .active = true };
	enum errc rc = site_open(site, SITE_CREATE, err);

	/* on a server it may be there: of a node that was made before, or of a try that failed */
	if (rc == OK && init->domain.n > 0)
		rc = domain_add(site->store, &domain, err);
	if (rc == ERR_EXISTS)
		rc = OK;
	if (rc == OK && init->account.n > 0)
		rc = add_account(init, site, err);
	if (rc == ERR_EXISTS)
		rc = err_set(err, rc,
		    "the database has a site with %.*s already: without --user this becomes "
		    "another node of it",
		    STR_ARG(init->account));
	return rc;
}

static void tell(const struct init *init)
{
	printf("The site is in %s.\n\n", init->folder);
	if (init->account.n > 0 && init->generated)
		printf("Account %.*s has this password, which is shown only now:\n\n  %.*s\n\n",
		    STR_ARG(init->account), STR_ARG(init->password));
	printf("Start the server:     tabella -c %s serve\n", init->conf);
	if (init->account.n == 0)
		printf("Make an account:      tabella -c %s user add NAME\n", init->conf);
	printf("See what there is:    tabella -c %s status\n", init->conf);
	printf("\nThe certificate in %s/tls is of our own making; clients will warn of it.\n",
	    init->folder);
}

static struct str default_hostname(const struct init *init)
{
	char name[HOSTNAME_ROOM] = { 0 };

	if (gethostname(name, sizeof(name) - 1) == 0 &&
	    domain_name_check(str_from(name), NULL) == OK)
		return str_dup(init->cli->arena, str_from(name));
	return STR("localhost");
}

static const char *default_user(void)
{
	return getpwnam("tabella") ? "tabella" : "nobody";
}

static enum errc check_names(const struct init *init, struct err *err)
{
	struct str checked;
	enum errc rc = domain_name_check(init->hostname, err);

	if (rc == OK && init->domain.n > 0)
		rc = domain_name_check(init->domain, err);
	if (rc == OK && init->account.n > 0)
		rc = account_name_check(init->account, init->cli->arena, &checked, err);
	return rc;
}

/* Before anything is made: a bad password is the administrator's mistake. */
static enum errc read_password(struct init *init, const struct cli_args *args, struct err *err)
{
	enum errc rc = cli_password(init->cli, args, &init->password, &init->generated, err);

	if (rc != OK)
		return rc;
	return scheme_make(STR("argon2id"), init->password, init->cli->arena, &init->stored,
	    &init->encryption, err);
}

static enum errc read_options(struct init *init, const struct cli_args *args, struct err *err)
{
	struct str base = cli_value(args, "port-base");
	struct str folder = cli_value(args, "dir"), user = cli_value(args, "run-as");

	init->given = folder.p ? folder.p : "/var/lib/tabella";
	init->domain = ascii_fold(init->cli->arena, cli_value(args, "domain"));
	init->account = cli_value(args, "user");
	init->hostname = cli_value(args, "hostname");
	init->listen = cli_value(args, "listen");
	init->database = init->cli->database;
	if (base.p && str_to_u64(base, PORT_BASE_MAX, &init->port_base) != OK)
		return err_set(err, ERR_ARG, "--port-base is a number up to %d", PORT_BASE_MAX);
	if (!init->hostname.p)
		init->hostname = default_hostname(init);
	if (!init->listen.p)
		init->listen = init->port_base > 0 ? STR("localhost") : STR("*");
	if (geteuid() == 0)
		init->user = user.p ? user.p : default_user();
	return init->account.n > 0 ? read_password(init, args, err) : OK;
}

static enum errc make_site(struct init *init, struct err *err)
{
	struct buf complaints = BUF_INIT(CONFIGURATION_MAX);
	struct site_named named = { .conf_path = init->conf };
	struct site site = { .conf = NULL };
	enum errc rc = hand_over(init, err);

	if (!init->database.p)
		init->database =
		    str_printf(init->cli->arena, "sqlite:%s/tabella.db", init->folder);
	if (rc == OK)
		rc = write_files(init, err);
	if (rc == OK)
		rc = site_load(&named, &site, &complaints, err);
	if (complaints.n > 0)
		(void)fprintf(stderr, "%.*s", STR_ARG(buf_str(&complaints)));
	if (rc == OK) {
		site.sink.level = LOG_LEVEL_WARN;
		rc = fill_database(init, &site, err);
	}
	site_close(&site);
	buf_release(&complaints);
	return rc;
}

int cmd_init(struct cli *cli, const struct cli_args *args)
{
	struct init init = { .cli = cli };
	struct err err = { .code = OK };
	enum errc rc = read_options(&init, args, &err);

	if (rc == OK)
		rc = check_names(&init, &err);
	if (rc != OK)
		return cli_fail(cli, rc, &err);
	rc = prepare_folder(&init, &err);
	if (rc != OK)
		return cli_fail(cli, rc, &err);
	rc = make_site(&init, &err);
	if (rc != OK) {
		take_away(&init);
		return cli_fail(cli, rc, &err);
	}
	tell(&init);
	return cli_done(cli);
}
