#include "lmtp/lmtp_int.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "net/spool.h"
#include "smtp/command.h"
#include "smtp/reply.h"
#include "store/message.h"

enum errc lmtp_book(struct lmtp_session *l, uint64_t stored, struct err *err)
{
	uint64_t memory = l->env->conf->spool_memory + prepare_memory(stored);

	if (session_book(&l->s, memory) == OK)
		return OK;
	return err_set(err, ERR_UNAVAIL, "too much in memory, try again later");
}

enum step lmtp_cmd_data(struct lmtp_session *l, struct str rest)
{
	if (rest.n > 0) {
		smtp_reply(
		    &l->s.out, (struct smtp_status){ 501, "5.5.4" }, "DATA takes no argument");
		return STEP_MORE;
	}
	if (l->chunked) {
		smtp_reply(&l->s.out, (struct smtp_status){ 503, "5.5.1" },
		    "DATA may not follow BDAT");
		return STEP_MORE;
	}
	if (lmtp_book(l, 0, NULL) != OK) {
		/* RFC 5321 4.2.2: insufficient system storage */
		smtp_reply(&l->s.out, (struct smtp_status){ 452, "4.3.1" },
		    "too much in memory, try again later");
		return STEP_MORE;
	}
	smtp_data_init(&l->data);
	smtp_reply(&l->s.out, (struct smtp_status){ 354, NULL },
	    "send the message, end with CRLF.CRLF");
	lmtp_enter(l, LMTP_DATA);
	return STEP_MORE;
}

enum step lmtp_take_data(struct lmtp_session *l)
{
	size_t used;

	if (l->s.in.n == 0)
		return STEP_INPUT;
	/* these bytes answer a 354 that stood behind the earlier answers */
	lmtp_answers_read(l);
	l->pipelined = 0;
	used = smtp_data_take(&l->data, buf_str(&l->s.in), l->spool);
	buf_consume(&l->s.in, used);
	if (l->data.state != SMTP_DATA_END)
		return STEP_MORE;
	l->data_rc = l->data.rc;
	l->data_err = l->data.err;
	lmtp_enter(l, LMTP_COMMIT);
	return STEP_MORE;
}

/* A chunk is taken even where it cannot be used: its bytes are on their way (RFC 3030 2). */
enum step lmtp_cmd_bdat(struct lmtp_session *l, struct str rest)
{
	struct err err = { .code = OK };

	if (smtp_bdat_parse(rest, &l->chunk_left, &l->chunk_last, &err) != OK) {
		/* without a size nobody knows where the next command begins */
		smtp_reply(&l->s.out, (struct smtp_status){ 501, "5.5.4" }, "%s", err.text);
		return STEP_CLOSE;
	}
	l->chunk_dropped = l->state != LMTP_RCPT;
	l->chunked = l->chunked || l->state == LMTP_RCPT;
	if (!l->chunk_dropped && l->data_rc == OK)
		l->data_rc = lmtp_book(l, 0, &l->data_err);
	lmtp_enter(l, LMTP_CHUNK);
	return STEP_MORE;
}

/* The chunk that no transaction wanted is gone: say so, in the state that was before. */
static enum step refuse_chunk(struct lmtp_session *l)
{
	bool mail = l->envelope.id.n > 0;

	smtp_reply(&l->s.out, (struct smtp_status){ 503, "5.5.1" },
	    mail ? "no valid recipients" : "send MAIL first");
	l->state = l->helo.n == 0 ? LMTP_GREETED : mail ? LMTP_MAIL : LMTP_READY;
	return STEP_MORE;
}

static enum step end_chunk(struct lmtp_session *l)
{
	if (l->chunk_dropped)
		return refuse_chunk(l);
	if (l->chunk_last) {
		lmtp_enter(l, LMTP_COMMIT);
		return STEP_MORE;
	}
	lmtp_enter(l, LMTP_RCPT);
	if (l->data_rc != OK)
		smtp_reply(&l->s.out, smtp_status_of(l->data_rc), "%s",
		    smtp_text_of(l->data_rc, &l->data_err));
	else
		smtp_reply(&l->s.out, (struct smtp_status){ 250, "2.0.0" }, "chunk taken");
	return STEP_MORE;
}

enum step lmtp_take_chunk(struct lmtp_session *l)
{
	struct str bytes = str_first(
	    buf_str(&l->s.in), l->chunk_left < l->s.in.n ? (size_t)l->chunk_left : l->s.in.n);

	if (l->chunk_left == 0)
		return end_chunk(l);
	if (bytes.n == 0)
		return STEP_INPUT;
	if (!l->chunk_dropped && l->data_rc == OK)
		l->data_rc = spool_add(l->spool, bytes, &l->data_err);
	l->chunk_left -= bytes.n;
	l->pipelined = l->pipelined > bytes.n ? l->pipelined - bytes.n : 0;
	buf_consume(&l->s.in, bytes.n);
	return STEP_MORE;
}

/* RFC 2033 4.2: one answer a recipient that was taken, in the order of the RCPTs. */
static void answer(struct lmtp_session *l, struct plan *plan)
{
	struct smtp_status status = smtp_status_of(plan->rc);

	if (plan->rc == OK) {
		smtp_reply(&l->s.out, status, "<%.*s> %s %.*s", STR_ARG(plan->recipient),
		    plan->repeated ? "stored before as" : "stored as", STR_ARG(l->envelope.id));
		return;
	}
	if (plan->rc == ERR_QUOTA && l->env->conf->over_quota == LMTP_OVER_QUOTA_SOFT)
		status = (struct smtp_status){ 452, "4.2.2" };
	plan->comes_again = status.code / 100 == 4;
	smtp_reply(&l->s.out, status, "<%.*s> %s", STR_ARG(plan->recipient),
	    smtp_text_of(plan->rc, &plan->err));
}

static void answer_all_alike(struct lmtp_session *l, enum errc rc, const struct err *err)
{
	if (errc_is_temporary(rc))
		log_error(l->s.log, "message-failed", F_STR("qid", l->envelope.id), F_ERR(err));
	for (size_t i = 0; i < l->plan_count; i++) {
		l->plans[i].rc = rc;
		l->plans[i].err = *err;
		answer(l, &l->plans[i]);
	}
}

/* Parsing, hashing and compressing, which need no database. */
static enum errc make_pipeline(struct lmtp_session *l, struct err *err)
{
	struct str bytes;
	enum errc rc = l->data_rc;

	if (rc != OK)
		return err_set(err, rc, "%s", l->data_err.text);
	rc = lmtp_book(l, spool_size(l->spool), err);
	if (rc == OK)
		rc = spool_view(l->spool, &bytes, err);
	if (rc != OK)
		return rc;
	l->serial++;
	return pipeline_new(l->env->deliver, &l->envelope,
	    (struct plans){ l->plans, l->plan_count }, bytes, &l->pipeline, err);
}

/* A message that everybody got is a good one; else the worst of what came of it counts. */
static enum session_result result_of(const struct lmtp_session *l)
{
	enum session_result result = RESULT_OK;

	for (size_t i = 0; i < l->plan_count && result != RESULT_TEMPORARY; i++) {
		if (l->plans[i].rc != OK)
			result = errc_is_temporary(l->plans[i].rc) ? RESULT_TEMPORARY
								   : RESULT_REFUSED;
	}
	return result;
}

static enum step end_message(struct lmtp_session *l)
{
	session_ended(&l->s, result_of(l));
	l->pipelined = l->s.in.n;
	lmtp_reset(l);
	return STEP_MORE;
}

enum step lmtp_commit(struct lmtp_session *l)
{
	struct err err = { .code = OK };
	enum errc rc = OK;

	/* at most one message's answers are open: a peer that sent this one without waiting for them (BDAT, a
	 * pipelined group) is taken at its word */
	lmtp_answers_read(l);
	if (!l->pipeline) {
		session_begins(&l->s, lmtp_message_number());
		rc = make_pipeline(l, &err);
		if (rc != OK) {
			answer_all_alike(l, rc, &err);
			return end_message(l);
		}
	}
	if (!l->s.has_ticket)
		return STEP_TICKET;
	rc = pipeline_run(l->pipeline, l->delivery_session, l->serial, &err);
	if (rc == ERR_MORE)
		return STEP_WAIT;
	if (rc != OK) {
		answer_all_alike(l, rc, &err);
		pipeline_free(&l->pipeline);
		return end_message(l);
	}
	for (size_t i = 0; i < l->plan_count; i++)
		answer(l, &l->plans[i]);
	l->answers_open = true;
	return end_message(l);
}
