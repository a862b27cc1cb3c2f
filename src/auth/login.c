/*
 * auth/login.c - one attempt to log in, as a machine of stages:
 *
 *	LINE ------> ADMIT -----> ASK -----> ANSWER -----> END       PLAIN, LOGIN, CRAM-MD5, LOGIN command
 *	LINE -> ASK -> ANSWER -> LINE -> ADMIT -> LINE -> END        SCRAM: keys first, then the proof
 *
 * ADMIT is where an attempt waits for its turn (auth/throttle.h): before a password is looked at, and before it is told
 * whether a proof was right.
 */
#include "auth/login.h"

#include "auth/throttle.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/str.h"
#include "net/address.h"
#include "net/network.h"
#include "store/authlog.h"

#include <assert.h>

enum stage { STAGE_LINE, STAGE_ADMIT, STAGE_ASK, STAGE_ANSWER, STAGE_END };

/* What an admitted attempt goes on with. */
enum admitted { ADMITTED_ASK, ADMITTED_SEND, ADMITTED_DENY };

struct login {
	const struct login_service *service;
	struct session *session;
	struct arena *arena;
	enum stage stage;
	struct sasl sasl;
	const struct credentials *credentials; /* of `sasl`, or the caller's */
	const char *mechanism;		       /* for the log */
	enum admitted admitted;
	bool queued; /* it has its place, at: */
	int64_t admit_at_ms;
	struct auth_request *request;
	struct auth_login found;
	struct login_result result;
};

bool login_takes_passwords(const struct login_service *service, const struct session *session)
{
	return session->tls || session->peer.is_loopback || service->plaintext;
}

static bool has_binding(const struct session *session)
{
	unsigned char bytes[TLS_BINDING_MAX];
	size_t size;

	return session->tls &&
	    session_tls_binding(session, TLS_BINDING_EXPORTER, bytes, &size) == OK;
}

/* What can be used, announced or not. */
static unsigned usable(const struct login_service *service, const struct session *session)
{
	unsigned mechanisms = service->mechanisms;

	if ((mechanisms & SASL_PLUS_SET) != 0 && !has_binding(session))
		mechanisms &= ~SASL_PLUS_SET;
	return mechanisms;
}

unsigned login_mechanisms(const struct login_service *service, const struct session *session)
{
	unsigned mechanisms = usable(service, session);

	if (!login_takes_passwords(service, session))
		mechanisms &= ~SASL_PASSWORD_SET;
	if ((mechanisms & SASL_SCRAM_SET) != 0 &&
	    service->conf->scram_announce == AUTH_ANNOUNCE_AUTO &&
	    !auth_scram_is_ready(service->auth))
		mechanisms &= ~SASL_SCRAM_SET;
	return mechanisms;
}

unsigned login_key_hashes(unsigned mechanisms)
{
	unsigned hashes = 0;

	for (int i = 0; i < SASL_MECHANISM_COUNT; i++)
		if ((mechanisms >> i & 1) != 0 && sasl_is_scram((enum sasl_mechanism)i))
			hashes |= 1U << sasl_scram_hash((enum sasl_mechanism)i);
	return hashes;
}

struct login *login_new(const struct login_service *service, struct session *session)
{
	struct login *login = xcalloc(1, sizeof(*login));

	login->service = service;
	login->session = session;
	login->arena = arena_new("login");
	login->credentials = &login->sasl.credentials;
	login->mechanism = "";
	return login;
}

void login_free(struct login **loginp)
{
	struct login *login = *loginp;

	*loginp = NULL;
	if (!login)
		return;
	auth_cancel(&login->request);
	sasl_release(&login->sasl);
	secret_wipe(&login->found.keys, sizeof(login->found.keys));
	authlog_close(
	    &login->result.journal, login->session->bytes_in, login->session->bytes_out);
	arena_free(&login->arena);
	xfree(login);
}

struct str login_challenge(const struct login *login)
{
	return login->sasl.challenge;
}

bool login_challenge_is_last(const struct login *login)
{
	return sasl_is_scram(login->sasl.mechanism) && login->sasl.step == 2;
}

const struct login_result *login_result(const struct login *login)
{
	assert(login->stage == STAGE_END);
	return &login->result;
}

struct authlog_entry *login_take_journal(struct login *login)
{
	struct authlog_entry *journal = login->result.journal;

	login->result.journal = NULL;
	return journal;
}

static enum login_next end(struct login *login, enum errc rc, const struct err *err)
{
	login->stage = STAGE_END;
	login->result.rc = rc;
	if (err)
		login->result.err = *err;
	login->result.err.code = rc;
	return LOGIN_END;
}

/* The address as it is counted: an IPv6 one with its /64. Empty: it is not counted. */
static struct str counted_address(const struct login *login)
{
	const struct session_peer *peer = &login->session->peer;
	const struct auth_conf *conf = login->service->conf;
	struct buf text = BUF_INIT(64);
	union address address;
	socklen_t size;
	char *cstr;
	struct str key;

	if (peer->is_unix ||
	    networks_have(conf->trusted.item, conf->trusted.count, peer->address))
		return STR_EMPTY;
	cstr = str_cstr(login->arena, peer->address);
	if (!cstr || address_parse(cstr, 0, &address, &size) != OK)
		return peer->address;
	hex_encode(&text, address_key(&address));
	key = str_dup(login->arena, buf_str(&text));
	buf_release(&text);
	return key;
}

static struct throttle_key throttle_key_of(const struct login *login)
{
	return (struct throttle_key){ .account = login->credentials->authcid,
		.address = counted_address(login) };
}

static struct authlog_login journal_of(const struct login *login, struct str user)
{
	const struct session_peer *peer = &login->session->peer;

	return (struct authlog_login){ .user = user,
		.service = str_from(login->service->name),
		.source = peer->address,
		.target = peer->local_address,
		.source_port = peer->port,
		.target_port = peer->local_port };
}

/* Wrong: counted, logged, and nothing told but that. */
static enum login_next deny(struct login *login, const struct err *err)
{
	const struct auth_conf *conf = login->service->conf;
	const struct credentials *c = login->credentials;
	struct str password = c->challenge.p || login->sasl.scram ? STR_EMPTY : c->password;
	struct authlog_login row = journal_of(login, c->authcid);
	struct throttle_key key = throttle_key_of(login);

	if (conf->throttle)
		throttle_fail(auth_throttle(login->service->auth), &key, password,
		    clock_mono_ms(), conf->throttle_delay_max_ms);
	if (conf->journal)
		authlog_failed(auth_store(login->service->auth), &row);
	session_tried_login(login->session, login->mechanism, RESULT_REFUSED);
	log_info(login->session->log, "login-failed", F_STR("user", c->authcid),
	    F_WORD("mech", login->mechanism), F_STR("reason", str_from(err->text)));
	login->result.refusal = login->found.refusal;
	return end(login, ERR_DENIED, err);
}

static enum login_next unavailable(struct login *login, const struct err *err)
{
	session_tried_login(login->session, login->mechanism, RESULT_TEMPORARY);
	log_warn(login->session->log, "login-unavailable", F_ERR(err));
	return end(login, ERR_UNAVAIL, err);
}

/* Everything was right: the driver is told, the counts begin anew. */
static enum login_next let_in(struct login *login)
{
	struct session *session = login->session;
	const struct auth_conf *conf = login->service->conf;
	struct throttle_key key = throttle_key_of(login);

	throttle_pass(auth_throttle(login->service->auth), &key);
	login->result.account = login->found.account;
	login->result.name = login->found.name;
	if (session->driver->login(session, login->found.name) != OK) {
		session_tried_login(session, login->mechanism, RESULT_TEMPORARY);
		log_info(session->log, "login-refused", F_STR("user", login->found.name),
		    F_WORD("reason", "connections"));
		return end(login, ERR_QUOTA, NULL);
	}
	if (conf->journal) {
		struct authlog_login row = journal_of(login, login->found.name);

		login->result.journal = authlog_open(auth_store(login->service->auth), &row);
	}
	session_tried_login(session, login->mechanism, RESULT_OK);
	log_info(session->log, "login", F_STR("user", login->found.name),
	    F_WORD("mech", login->mechanism), F_STR("tls", session->driver->tls_name(session)));
	return end(login, OK, NULL);
}

/* SCRAM's end: the proof was right and the client knows that we know. */
static enum login_next proved(struct login *login)
{
	struct err err = { .code = OK };

	if (auth_accept(login->service->auth, &login->found, &err) != OK)
		return unavailable(login, &err);
	return let_in(login);
}

/* A proof was wrong, by the exchange's own word. Whose keys they were is known here alone. */
static enum login_next deny_proof(struct login *login)
{
	if (login->found.reason)
		(void)err_set(&login->result.err, ERR_DENIED, "%s", login->found.reason);
	if (login->found.lacks_keys)
		auth_note_no_keys(login->service->auth);
	return deny(login, &login->result.err);
}

static enum login_next admit(struct login *login, enum admitted then)
{
	login->stage = STAGE_ADMIT;
	login->admitted = then;
	login->queued = false;
	return login_run(login);
}

/* What the exchange came to after a message of the client. */
static enum login_next after_message(struct login *login, enum errc rc, const struct err *err)
{
	if (rc == ERR_DENIED) {
		login->result.err = *err;
		/* the channel binding is looked at before a name is: nobody's proof failed */
		return login->sasl.credentials.authcid.n > 0 ? admit(login, ADMITTED_DENY)
							     : end(login, ERR_DENIED, err);
	}
	if (rc == ERR_UNAVAIL)
		return unavailable(login, err);
	if (rc != OK)
		return end(login, rc == ERR_CLOSED ? ERR_CLOSED : ERR_SYNTAX, err);
	switch (login->sasl.next) {
	case SASL_SEND:
		login->stage = STAGE_LINE;
		if (sasl_is_scram(login->sasl.mechanism) && login->sasl.step == 2)
			return admit(login, ADMITTED_SEND);
		return LOGIN_SEND;
	case SASL_KEYS:
		login->stage = STAGE_ASK;
		return login_run(login);
	case SASL_CHECK:
		return admit(login, ADMITTED_ASK);
	case SASL_PROVED:
		break;
	}
	return proved(login);
}

enum login_next login_password(
    struct login *login, const struct credentials *credentials, const char *word)
{
	struct err err = { .code = OK };

	login->mechanism = word;
	login->credentials = credentials;
	if (!login_takes_passwords(login->service, login->session))
		return end(login, ERR_STATE, NULL);
	/* names that nobody can have are not counted, and cost nothing */
	if (credentials_check(credentials, &err) != OK) {
		session_tried_login(login->session, word, RESULT_REFUSED);
		log_info(login->session->log, "login-failed",
		    F_STR("user", credentials->authcid), F_WORD("mech", word),
		    F_STR("reason", str_from(err.text)));
		return end(login, ERR_DENIED, &err);
	}
	return admit(login, ADMITTED_ASK);
}

/*
 * The binding that SCRAM is told of; its bytes are the caller's. Also to a client whose mechanism is not -PLUS, if it could
 * have been: one that believes otherwise was lied to.
 */
static struct str binding_for(const struct login *login, enum sasl_mechanism mechanism,
    unsigned char bytes[TLS_BINDING_MAX])
{
	unsigned offered = login_mechanisms(login->service, login->session);
	size_t size = 0;

	if ((SASL_PLUS_SET & (SASL_BIT(mechanism) | offered)) == 0 ||
	    session_tls_binding(login->session, TLS_BINDING_EXPORTER, bytes, &size) != OK)
		return STR_EMPTY;
	return (struct str){ (const char *)bytes, size };
}

enum login_next login_sasl(struct login *login, struct str name, struct str initial)
{
	const struct login_service *service = login->service;
	struct sasl_setting setting = { .hostname = service->hostname };
	unsigned char bytes[TLS_BINDING_MAX];
	struct err err = { .code = OK };
	enum sasl_mechanism mechanism;
	enum errc rc;

	if (!sasl_mechanism_find(name, &mechanism) ||
	    (usable(service, login->session) & SASL_BIT(mechanism)) == 0)
		return end(login, ERR_UNSUPPORTED, NULL);
	if ((SASL_PASSWORD_SET & SASL_BIT(mechanism)) != 0 &&
	    !login_takes_passwords(service, login->session))
		return end(login, ERR_STATE, NULL);
	if (sasl_is_scram(mechanism)) {
		setting.kit = auth_kit(service->auth);
		setting.binding = binding_for(login, mechanism, bytes);
	}
	login->mechanism = sasl_mechanism_name(mechanism).p;
	rc = sasl_start(&login->sasl, &setting, mechanism, initial, &err);
	return after_message(login, rc, &err);
}

enum login_next login_line(struct login *login, struct str line)
{
	struct err err = { .code = OK };
	enum errc rc;

	assert(login->stage == STAGE_LINE);
	rc = sasl_step(&login->sasl, line, &err);
	return after_message(login, rc, &err);
}

/* True when the attempt's turn has come; else *next_out. */
static bool take_turn(struct login *login, enum login_next *next_out)
{
	const struct auth_conf *conf = login->service->conf;
	int64_t now_ms = clock_mono_ms();
	struct throttle_key key;

	if (!login->queued && conf->throttle) {
		key = throttle_key_of(login);
		if (throttle_admit(auth_throttle(login->service->auth), &key, now_ms,
			conf->throttle_delay_max_ms, &login->admit_at_ms) != OK) {
			session_tried_login(login->session, login->mechanism, RESULT_REFUSED);
			log_info(login->session->log, "login-throttled",
			    F_STR("user", login->credentials->authcid),
			    F_WORD("mech", login->mechanism));
			*next_out = end(login, ERR_LIMIT, NULL);
			return false;
		}
	}
	login->queued = true;
	if (login->admit_at_ms <= now_ms)
		return true;
	session_timer(login->session, login->admit_at_ms);
	*next_out = LOGIN_WAIT;
	return false;
}

static enum login_next run_admit(struct login *login)
{
	enum login_next next;

	if (!take_turn(login, &next))
		return next;
	switch (login->admitted) {
	case ADMITTED_SEND:
		login->stage = STAGE_LINE;
		return LOGIN_SEND;
	case ADMITTED_DENY:
		return deny_proof(login);
	case ADMITTED_ASK:
		break;
	}
	login->stage = STAGE_ASK;
	return login_run(login);
}

static uint64_t ref_of(struct session *session)
{
	struct session_ref ref = session->driver->ref(session);

	return (uint64_t)ref.slot << 32 | ref.generation;
}

static struct auth_question question_of(const struct login *login)
{
	const struct login_service *service = login->service;
	bool keys = sasl_is_scram(login->sasl.mechanism) && login->sasl.scram;

	return (struct auth_question){ .credentials = login->credentials,
		.proof = keys ? AUTH_BY_KEYS : AUTH_BY_PASSWORD,
		.service = service->service,
		.tls = login->session->tls,
		.hash = keys ? sasl_scram_hash(login->sasl.mechanism) : SCRAM_SHA1,
		.iterations = (uint32_t)service->conf->scram_iterations,
		.make_keys = keys ? 0 : login_key_hashes(service->mechanisms) };
}

static enum login_next run_ask(struct login *login)
{
	struct auth *auth = login->service->auth;
	struct auth_question question = question_of(login);
	struct err err = { .code = OK };
	struct db *db;
	enum errc rc;

	if (!login->session->has_ticket)
		return LOGIN_TICKET;
	rc = db_lease(store_pool(auth_store(auth)), AUTH_LEASE_WAIT_MS, &db, &err);
	if (rc != OK)
		return unavailable(login, &err);
	rc = auth_start(auth, db, &question, ref_of(login->session), &login->request, &err);
	db_return(&db);
	if (rc == ERR_LIMIT || rc == ERR_SYNTAX)
		return end(login, ERR_DENIED, &err);
	if (rc != OK)
		return unavailable(login, &err);
	login->stage = STAGE_ANSWER;
	return login_run(login);
}

static enum login_next run_answer(struct login *login)
{
	struct err err = { .code = OK };
	enum errc rc = auth_take(&login->request, login->arena, &login->found, &err);

	if (rc == ERR_MORE)
		return LOGIN_WAIT;
	if (rc == ERR_DENIED)
		return deny(login, &err);
	if (rc != OK)
		return unavailable(login, &err);
	if (!login->sasl.scram)
		return let_in(login);
	rc = sasl_keys(&login->sasl, &login->found.keys, &err);
	return after_message(login, rc, &err);
}

enum login_next login_run(struct login *login)
{
	switch (login->stage) {
	case STAGE_ADMIT:
		return run_admit(login);
	case STAGE_ASK:
		return run_ask(login);
	case STAGE_ANSWER:
		return run_answer(login);
	case STAGE_LINE:
		return LOGIN_SEND;
	case STAGE_END:
		break;
	}
	return LOGIN_END;
}
