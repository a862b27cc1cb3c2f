/*
 * http/session.c - one connection: a head, a page, and the next; pipelined requests are answered in order.
 */
#include "base/arena.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "http/http.h"
#include "http/limits.h"
#include "http/request.h"
#include "net/network.h"

struct http_session {
	struct session s;
	const struct http_env *env;
	struct arena *arena; /* of the request */
	unsigned requests;
	int64_t until_ms; /* the next request is to be complete then */
};

static const struct {
	int status;
	const char *reason;
} statuses[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < COUNT(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].reason;
	return "Error";
}

struct answer {
	int status;
	const char *content_type;
	struct str body;
	bool keep, head_only;
};

/* IMF-fixdate (RFC 9110 5.6.7) */
static void add_date(struct buf *out)
{
	struct civil now = civil_from_unix(clock_unix_s(), 0);
	int weekday = civil_weekday(civil_days(now.year, now.month, now.day));

	buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
	    civil_weekday_name(weekday), now.day, civil_month_name(now.month), now.year,
	    now.hour, now.minute, now.second);
}

/* The only way out. */
static void add_answer(struct http_session *h, const struct answer *a)
{
	struct buf *out = &h->s.out;

	buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, reason_of(a->status));
	add_date(out);
	buf_printf(
	    out, "Content-Type: %s\r\nContent-Length: %zu\r\n", a->content_type, a->body.n);
	BUF_ADD(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
	if (a->status == 405)
		BUF_ADD(out, "Allow: GET, HEAD\r\n");
	if (!a->keep)
		BUF_ADD(out, "Connection: close\r\n");
	BUF_ADD(out, "\r\n");
	if (!a->head_only)
		buf_add_str(out, a->body);
}

#define PLAIN "text/plain; charset=utf-8"

/* A status without a page of its own: its reason is the page. */
static void add_status(struct http_session *h, int status, bool keep, bool head_only)
{
	const struct answer answer = {
		.status = status,
		.content_type = PLAIN,
		.body = str_printf(h->arena, "%s\n", reason_of(status)),
		.keep = keep,
		.head_only = head_only,
	};

	add_answer(h, &answer);
}

static const struct http_page *find_page(const struct http_env *env, struct str path)
{
	for (size_t i = 0; i < env->page_count; i++)
		if (str_equal(env->page[i].path, path))
			return &env->page[i];
	return NULL;
}

static int add_page(
    struct http_session *h, const struct http_request *request, const struct http_page *page)
{
	/* the head goes before it, in what a session may say at once */
	struct buf body = BUF_INIT(SESSION_OUT_MAX / 2);
	struct answer answer = {
		.status = !page->is_well || page->is_well(page->arg) ? 200 : 503,
		.content_type = page->content_type,
		.keep = request->keep,
		.head_only = request->method == HTTP_HEAD,
	};
	bool fits;

	page->write(page->arg, &body);
	fits = !body.overflow;
	answer.body = buf_str(&body);
	if (fits)
		add_answer(h, &answer);
	buf_release(&body);
	if (fits)
		return answer.status;
	add_status(h, 500, request->keep, answer.head_only);
	return 500;
}

static bool may_come(const struct http_session *h)
{
	const struct conf_list *allow = &h->env->conf->allow;

	return h->s.peer.is_loopback || h->s.peer.is_unix ||
	    networks_have(allow->item, allow->count, h->s.peer.address);
}

static int answer_request(struct http_session *h, struct http_request *request)
{
	const struct http_page *page = find_page(h->env, request->path);
	bool head_only = request->method == HTTP_HEAD;
	int status;

	/* a body would have to be read before the next request: nothing here wants one */
	if (request->body_size > 0 || ++h->requests >= HTTP_REQUESTS_MAX)
		request->keep = false;
	if (!may_come(h))
		status = 403;
	else if (request->method == HTTP_OTHER)
		status = 405;
	else if (request->body_size > 0)
		status = 413;
	else if (page)
		return add_page(h, request, page);
	else
		status = 404;
	if (status == 403)
		request->keep = false;
	add_status(h, status, request->keep, head_only);
	return status;
}

static enum session_result result_of(int status)
{
	if (status < 400)
		return RESULT_OK;
	if (status >= 500)
		return RESULT_TEMPORARY;
	return status == 403 || status == 404 ? RESULT_REFUSED : RESULT_BAD;
}

/* Nobody knows where the next request would begin. */
static enum step refuse(struct http_session *h, int status)
{
	session_begins(&h->s, HTTP_OTHER);
	add_status(h, status, false, false);
	session_ended(&h->s, result_of(status));
	return STEP_CLOSE;
}

static enum step take_request(struct http_session *h)
{
	struct http_request request;
	size_t size;
	int status = 400;
	enum errc rc = http_head_find(buf_str(&h->s.in), &size, &status);

	if (rc == ERR_MORE)
		return STEP_INPUT;
	if (rc != OK)
		return refuse(h, status);
	rc = http_request_parse(
	    str_first(buf_str(&h->s.in), size), h->arena, &request, &status, NULL);
	if (rc != OK)
		return refuse(h, status);
	session_begins(&h->s, request.method);
	status = answer_request(h, &request);
	session_ended(&h->s, result_of(status));
	log_debug(h->s.log, "http", F_STR("path", request.path), F_INT("status", status));
	buf_consume(&h->s.in, size);
	h->s.commands++;
	arena_clear(h->arena);
	return request.keep ? STEP_MORE : STEP_CLOSE;
}

static enum step http_run(struct session *s)
{
	struct http_session *h = (struct http_session *)s;
	enum step step;

	if (session_take_event(s, EVENT_TIMER) && clock_mono_ms() >= h->until_ms)
		return STEP_CLOSE;
	step = take_request(h);
	if (step != STEP_INPUT) {
		h->until_ms = 0;
		return step;
	}
	if ((s->events & (EVENT_EOF | EVENT_SHUTDOWN)) != 0)
		return STEP_CLOSE;
	/* however slowly its bytes come */
	if (h->until_ms == 0) {
		h->until_ms = clock_mono_ms() + HTTP_REQUEST_MS;
		session_timer(s, h->until_ms);
	}
	return STEP_INPUT;
}

static void http_free(struct session *s)
{
	struct http_session *h = (struct http_session *)s;

	arena_free(&h->arena);
	xfree(h);
}

static const struct session_ops ops = { .run = http_run, .free = http_free };

struct session *http_open(void *arg, const struct session *base)
{
	struct http_session *h = xcalloc(1, sizeof(*h));

	h->s = *base;
	h->s.ops = &ops;
	h->env = arg;
	h->arena = arena_new("http request");
	return &h->s;
}

static struct str verb_word(size_t i)
{
	static const struct str words[] = {
		[HTTP_GET] = STR_INIT("GET"),
		[HTTP_HEAD] = STR_INIT("HEAD"),
		[HTTP_OTHER] = STR_INIT("other"),
	};

	return words[i];
}

struct session_verbs http_session_verbs(void)
{
	return (struct session_verbs){ verb_word, HTTP_OTHER + 1, HTTP_OTHER + 1 };
}
