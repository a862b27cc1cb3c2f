/*
 * bench/lmtp_blast.c - delivers messages by LMTP as fast as they are taken, and says how fast that was.
 *
 * One thread and one epoll set. Connections are opened and greeted, and all bytes that messages are cut from are made,
 * before the clock starts. Exits with 1 when a delivery failed, with 2 when it could not begin.
 */
#include "bench/blast_report.h"
#include "bench/blast_session.h"

#include "base/heap.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SILENCE_MAX_MS 60000

struct options {
	const char *host, *port, *unix_path;
	const char *domain, *to, *acks;
	uint64_t connections, messages, size, rcpts, accounts, seed, random_percent, block,
	    milliseconds;
	bool shuffle, json;
};

struct link {
	int fd; /* -1: closed */
	bool wants_out;
	struct blast_session session;
};

struct blast {
	const struct options *opt;
	struct blast_pool pool;
	struct blast_record record;
	struct link *links;
	int epoll;
	bool go; /* the clock runs */
	uint64_t started_us;
	uint64_t next; /* the next message's number */
	size_t open, ready;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static double own_cpu(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	    (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* Recipient `i` of message `number`: the same whenever it is asked. */
static void address_of(
    const struct options *opt, uint64_t number, uint64_t i, char out[BLAST_ADDRESS_MAX])
{
	uint64_t nth = number * opt->rcpts + i;
	uint64_t state = opt->seed ^ (number * UINT64_C(0x100000001b3));
	uint64_t account = opt->shuffle ? blast_random(&state) + i : nth;

	if (opt->to != NULL)
		snprintf(out, BLAST_ADDRESS_MAX, "%s", opt->to);
	else
		snprintf(out, BLAST_ADDRESS_MAX, "user%" PRIu64 "@%s", account % opt->accounts,
		    opt->domain);
}

static void link_close(struct blast *blast, struct link *link)
{
	struct blast_session *s = &link->session;

	if (link->fd < 0)
		return;
	if (s->state == BLAST_ENVELOPE || s->state == BLAST_BODY || s->state == BLAST_BROKEN)
		blast->record.failures += s->delivery.rcpts > 0 ? s->delivery.rcpts : 1;
	if (s->first_failure[0] != '\0')
		snprintf(blast->record.first_failure, sizeof(blast->record.first_failure), "%s",
		    s->first_failure);
	close(link->fd);
	link->fd = -1;
	blast->open--;
}

static void link_watch(struct blast *blast, struct link *link, bool wants_out)
{
	struct epoll_event event = { .events = EPOLLIN | (wants_out ? (uint32_t)EPOLLOUT : 0),
		.data.ptr = link };

	if (wants_out == link->wants_out)
		return;
	link->wants_out = wants_out;
	epoll_ctl(blast->epoll, EPOLL_CTL_MOD, link->fd, &event);
}

static void out_advance(struct blast_session *s, size_t n)
{
	while (s->out_at < s->out_count && n >= s->out[s->out_at].iov_len)
		n -= s->out[s->out_at++].iov_len;
	if (s->out_at < s->out_count && n > 0) {
		s->out[s->out_at].iov_base = (char *)s->out[s->out_at].iov_base + n;
		s->out[s->out_at].iov_len -= n;
	}
}

static void link_write(struct blast *blast, struct link *link)
{
	struct blast_session *s = &link->session;

	while (s->out_at < s->out_count) {
		ssize_t n =
		    writev(link->fd, s->out + s->out_at, (int)(s->out_count - s->out_at));

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			link_close(blast, link);
			return;
		}
		out_advance(s, (size_t)n);
	}
	link_watch(blast, link, s->out_at < s->out_count);
}

static bool time_is_up(const struct blast *blast)
{
	return blast->opt->milliseconds > 0 &&
	    now_us() - blast->started_us >= blast->opt->milliseconds * 1000;
}

static void link_next(struct blast *blast, struct link *link)
{
	struct blast_delivery *d = &link->session.delivery;

	if (blast->next == blast->opt->messages || time_is_up(blast)) {
		blast_session_quit(&link->session);
		link_write(blast, link);
		return;
	}
	d->number = blast->next++;
	d->rcpts = blast->opt->rcpts;
	for (size_t i = 0; i < d->rcpts; i++)
		address_of(blast->opt, d->number, i, d->rcpt[i]);
	blast_session_deliver(&link->session, &blast->pool);
	d->begun_us = now_us();
	link_write(blast, link);
}

static void note_end(struct blast *blast, const struct blast_delivery *d)
{
	struct blast_record *record = &blast->record;
	uint64_t now = now_us();

	for (size_t i = 0; i < d->rcpts; i++) {
		record->stored[d->number * d->rcpts + i] = d->stored[i];
		record->deliveries += d->stored[i];
		record->failures += !d->stored[i];
		record->bytes += d->stored[i] ? blast->pool.size : 0;
	}
	record->latency_us[record->ended] = (uint32_t)(now - d->begun_us);
	record->ended_us[record->ended++] = now - blast->started_us;
}

static void link_read(struct blast *blast, struct link *link)
{
	struct blast_session *s = &link->session;
	char in[4096];
	ssize_t n = recv(link->fd, in, sizeof(in), 0);
	bool was_ready = s->state == BLAST_READY;
	bool ended;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		link_close(blast, link);
		return;
	}
	ended = blast_session_feed(s, (struct str){ in, (size_t)n });
	if (s->state == BLAST_BROKEN) {
		link_close(blast, link);
		return;
	}
	if (ended)
		note_end(blast, &s->delivery);
	if (s->state == BLAST_READY && !was_ready && !blast->go)
		blast->ready++;
	else if (s->state == BLAST_READY && blast->go)
		link_next(blast, link);
	else
		link_write(blast, link);
}

static enum errc socket_open(const struct options *opt, int *fd_out, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	int yes = 1, rc;

	if (opt->unix_path != NULL) {
		snprintf(local.sun_path, sizeof(local.sun_path), "%s", opt->unix_path);
		*fd_out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		rc = connect(*fd_out, (struct sockaddr *)&local, sizeof(local));
	} else {
		if (getaddrinfo(opt->host, opt->port, &hints, &found) != 0)
			return err_set(err, ERR_NOTFOUND, "%s port %s: no such address",
			    opt->host, opt->port);
		*fd_out = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		rc = connect(*fd_out, found->ai_addr, found->ai_addrlen);
		setsockopt(*fd_out, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		freeaddrinfo(found);
	}
	if (rc != 0)
		return err_set(err, ERR_UNAVAIL, "connect: errno %d", errno);
	fcntl(*fd_out, F_SETFL, O_NONBLOCK);
	return OK;
}

static enum errc links_open(struct blast *blast, struct err *err)
{
	for (size_t i = 0; i < blast->opt->connections; i++) {
		struct link *link = &blast->links[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = link };
		enum errc rc = socket_open(blast->opt, &link->fd, err);

		if (rc != OK)
			return rc;
		blast_session_init(&link->session);
		epoll_ctl(blast->epoll, EPOLL_CTL_ADD, link->fd, &event);
		blast->open++;
	}
	return OK;
}

/* Until every connection is greeted (before the clock) or closed (after it). False when the server is silent. */
static bool pump(struct blast *blast)
{
	struct epoll_event events[64];

	while (blast->open > 0 && (blast->go || blast->ready < blast->open)) {
		int n = epoll_wait(blast->epoll, events, (int)COUNT(events), SILENCE_MAX_MS);

		if (n == 0)
			return false;
		for (int i = 0; i < n; i++) {
			struct link *link = events[i].data.ptr;

			if (link->fd >= 0 && (events[i].events & EPOLLOUT) != 0)
				link_write(blast, link);
			if (link->fd >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT) != 0)
				link_read(blast, link);
		}
	}
	return true;
}

static void count_unfinished(struct blast *blast)
{
	for (size_t i = 0; i < blast->opt->connections; i++)
		link_close(blast, &blast->links[i]);
}

static enum errc blast_run(struct blast *blast, struct err *err)
{
	double cpu;
	enum errc rc = links_open(blast, err);

	if (rc != OK)
		return rc;
	if (!pump(blast) || blast->open < blast->opt->connections)
		return err_set(err, ERR_UNAVAIL,
		    "only %zu of %" PRIu64 " connections were greeted", blast->open,
		    blast->opt->connections);

	cpu = own_cpu();
	blast->go = true;
	blast->started_us = now_us();
	for (size_t i = 0; i < blast->opt->connections; i++)
		link_next(blast, &blast->links[i]);
	if (!pump(blast))
		count_unfinished(blast);
	blast->record.cpu_seconds = own_cpu() - cpu;
	if (blast->record.ended > 0)
		blast->record.seconds =
		    (double)blast->record.ended_us[blast->record.ended - 1] / 1e6;
	return OK;
}

/* "address Message-ID", a line for each acknowledged delivery. */
static enum errc acks_write(const struct blast *blast, struct err *err)
{
	const struct options *opt = blast->opt;
	FILE *file = fopen(opt->acks, "we");
	char id[64], address[BLAST_ADDRESS_MAX];

	if (file == NULL)
		return err_set(err, ERR_ARG, "%s: errno %d", opt->acks, errno);
	for (uint64_t number = 0; number < blast->next; number++) {
		for (uint64_t i = 0; i < opt->rcpts; i++) {
			if (!blast->record.stored[number * opt->rcpts + i])
				continue;
			address_of(opt, number, i, address);
			blast_message_id(&blast->pool, number, id);
			fprintf(file, "%s <%s>\n", address, id);
		}
	}
	if (fclose(file) != 0)
		return err_set(err, ERR_UNAVAIL, "%s: errno %d", opt->acks, errno);
	return OK;
}

static const char usage[] =
    "lmtp_blast [option]...\n"
    "  --host 127.0.0.1 --port 24    where; or --unix PATH\n"
    "  --connections 1               at the same time, kept for many messages\n"
    "  --messages 1000               altogether; --seconds N ends earlier\n"
    "  --size 4096                   bytes of each message\n"
    "  --accounts 100                user0, user1, ... at --domain bench.test, in turn\n"
    "  --shuffle                     at random instead of in turn\n"
    "  --to ADDRESS                  one recipient for all instead\n"
    "  --rcpts 1                     recipients of each message\n"
    "  --random-percent 50           incompressible share of the body\n"
    "  --seed 1\n"
    "  --acks FILE                   writes \"address Message-ID\" of what was acknowledged\n"
    "  --block N                     (JSON) also the rate of each N messages\n"
    "  --json\n";

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_SWITCH };

struct option_row {
	const char *name;
	enum option_kind kind;
	void *value;
	uint64_t min, max;
};

static bool option_set(const struct option_row *row, const char *text)
{
	uint64_t number;

	if (row->kind == OPTION_SWITCH) {
		*(bool *)row->value = true;
		return true;
	}
	if (row->kind == OPTION_TEXT) {
		*(const char **)row->value = text;
		return true;
	}
	if (str_to_u64(str_from(text), row->max, &number) != OK || number < row->min) {
		fprintf(stderr, "--%s: a number from %" PRIu64 " to %" PRIu64 "\n", row->name,
		    row->min, row->max);
		return false;
	}
	*(uint64_t *)row->value = number;
	return true;
}

static bool options_read(int argc, char **argv, struct options *opt)
{
	const struct option_row rows[] = {
		{ "host", OPTION_TEXT, &opt->host, 0, 0 },
		{ "port", OPTION_TEXT, &opt->port, 0, 0 },
		{ "unix", OPTION_TEXT, &opt->unix_path, 0, 0 },
		{ "domain", OPTION_TEXT, &opt->domain, 0, 0 },
		{ "to", OPTION_TEXT, &opt->to, 0, 0 },
		{ "acks", OPTION_TEXT, &opt->acks, 0, 0 },
		{ "connections", OPTION_NUMBER, &opt->connections, 1, 10000 },
		{ "messages", OPTION_NUMBER, &opt->messages, 1, 100000000 },
		{ "seconds", OPTION_NUMBER, &opt->milliseconds, 0, 86400 },
		{ "size", OPTION_NUMBER, &opt->size, BLAST_SIZE_MIN, BLAST_SIZE_MAX },
		{ "accounts", OPTION_NUMBER, &opt->accounts, 1, 1000000 },
		{ "rcpts", OPTION_NUMBER, &opt->rcpts, 1, BLAST_RCPTS_MAX },
		{ "random-percent", OPTION_NUMBER, &opt->random_percent, 0, 100 },
		{ "seed", OPTION_NUMBER, &opt->seed, 0, UINT64_MAX },
		{ "block", OPTION_NUMBER, &opt->block, 0, 100000000 },
		{ "shuffle", OPTION_SWITCH, &opt->shuffle, 0, 0 },
		{ "json", OPTION_SWITCH, &opt->json, 0, 0 },
	};
	struct option longs[COUNT(rows) + 1] = { { .name = NULL } };
	int at = 0;

	for (size_t i = 0; i < COUNT(rows); i++)
		longs[i] = (struct option){ .name = rows[i].name,
			.has_arg = rows[i].kind != OPTION_SWITCH };
	for (int got; (got = getopt_long(argc, argv, "", longs, &at)) != -1;) {
		if (got != 0 || !option_set(&rows[at], optarg))
			return false;
	}
	opt->milliseconds *= 1000;
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct options opt = { .host = "127.0.0.1",
		.port = "24",
		.domain = "bench.test",
		.connections = 1,
		.messages = 1000,
		.size = 4096,
		.rcpts = 1,
		.accounts = 100,
		.seed = 1,
		.random_percent = 50 };
	struct blast blast = { .opt = &opt };
	struct err err = { .code = OK };
	uint64_t begun = now_us();
	enum errc rc;

	if (!options_read(argc, argv, &opt)) {
		fputs(usage, stderr);
		return 2;
	}
	blast_pool_init(&blast.pool, opt.size, (unsigned)opt.random_percent, opt.seed);
	blast_record_init(&blast.record, opt.messages, opt.rcpts);
	blast.links = xcalloc(opt.connections, sizeof(blast.links[0]));
	blast.epoll = epoll_create1(EPOLL_CLOEXEC);
	blast.record.prepare_seconds = (double)(now_us() - begun) / 1e6;

	rc = blast_run(&blast, &err);
	if (rc == OK && opt.acks != NULL)
		rc = acks_write(&blast, &err);
	if (rc != OK)
		fprintf(stderr, "lmtp_blast: %s\n", err.text);
	else if (opt.json)
		blast_report_json(&blast.record, opt.block);
	else
		blast_report_line(&blast.record);

	close(blast.epoll);
	xfree(blast.links);
	blast_record_release(&blast.record);
	blast_pool_release(&blast.pool);
	return rc != OK ? 2 : blast.record.failures > 0;
}
