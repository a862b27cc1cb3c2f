#include "bench/blast_message.h"

#include "base/heap.h"
#include "base/str.h"

#include <inttypes.h>
#include <time.h>

/* 76 characters and CRLF, as RFC 2045 6.8 wants it. */
#define BASE64_LINE 78
#define POOL_MIN (4U << 20)

static const char *const words[] = { "the", "of", "and", "to", "in", "a", "is", "that", "for",
	"it", "was", "on", "with", "as", "be", "at", "by", "this", "from", "or", "have", "an",
	"they", "which", "one", "you", "were", "all", "her", "she", "there", "would", "their",
	"we", "him", "been", "has", "when", "who", "will", "no", "more", "if", "out", "so",
	"up", "said", "what", "its", "about", "than", "into", "them", "can", "only", "other",
	"time", "new", "some", "could", "these", "two", "may", "first", "then", "do", "any",
	"like", "my", "now", "over", "such", "our", "man", "me", "even", "most", "made",
	"after", "also", "did", "many", "off", "before", "must", "well", "back", "through",
	"years", "much", "where", "your", "down", "should", "because", "long", "each", "just",
	"state", "those", "people", "too", "little", "world", "good", "very", "year", "still",
	"see", "own", "work", "men", "day", "between", "life", "being", "another", "while",
	"number", "meeting", "invoice", "Thursday", "regards", "attached", "please", "delivery",
	"contract", "question", "figures", "project", "customer", "tomorrow", "schedule",
	"address", "telephone", "department", "confirm", "received", "available", "however",
	"information", "question", "different", "important", "government", "company", "service",
	"interest", "general", "public", "business", "system", "program" };

uint64_t blast_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Lines of words, at most 78 characters and CRLF; the last one may be cut. */
static void fill_text(char *p, size_t room, uint64_t *state)
{
	size_t n = 0, line = 0;

	while (n < room) {
		const char *word = words[blast_random(state) % COUNT(words)];
		size_t len = strlen(word);
		const char *gap = line == 0 ? "" : line + 1 + len > 78 ? "\r\n" : " ";

		line = gap[0] == '\r' ? len : line + (line > 0) + len;
		for (; *gap != '\0' && n < room; gap++)
			p[n++] = *gap;
		for (size_t i = 0; i < len && n < room; i++)
			p[n++] = word[i];
	}
}

static char base64_char(uint64_t bits)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return alphabet[bits & 63];
}

static void fill_base64(char *p, size_t room, uint64_t *state)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < room; i++) {
		size_t column = i % BASE64_LINE;

		if (i % 10 == 0)
			bits = blast_random(state);
		if (column >= BASE64_LINE - 2)
			p[i] = column == BASE64_LINE - 2 ? '\r' : '\n';
		else
			p[i] = base64_char(bits >> (i % 10 * 6));
	}
}

void blast_pool_init(
    struct blast_pool *pool, size_t size, unsigned random_percent, uint64_t seed)
{
	size_t room = size * 4 > POOL_MIN ? size * 4 : POOL_MIN;
	uint64_t state = seed;
	time_t now = time(NULL);
	struct timespec clock;
	struct tm tm;

	room -= room % BASE64_LINE;
	*pool =
	    (struct blast_pool){ .room = room, .size = size, .random_percent = random_percent };
	pool->text = xmalloc(room);
	pool->base64 = xmalloc(room);
	fill_text(pool->text, room, &state);
	fill_base64(pool->base64, room, &state);

	clock_gettime(CLOCK_REALTIME, &clock);
	state ^= (uint64_t)clock.tv_sec * UINT64_C(1000000000) + (uint64_t)clock.tv_nsec;
	pool->run = blast_random(&state);
	strftime(
	    pool->date, sizeof(pool->date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &tm));
}

void blast_pool_release(struct blast_pool *pool)
{
	xfree(pool->text);
	xfree(pool->base64);
	*pool = (struct blast_pool){ .text = NULL };
}

size_t blast_message_id(const struct blast_pool *pool, uint64_t number, char id_out[64])
{
	return (size_t)snprintf(
	    id_out, 64, "%016" PRIx64 ".%" PRIu64 "@blast.test", pool->run, number);
}

/* One stretch of the text pool that begins at a line's begin. */
static struct iovec cut_text(const struct blast_pool *pool, uint64_t *state, size_t n)
{
	size_t at = blast_random(state) % (pool->room - n - 80);

	while (pool->text[at++] != '\n')
		;
	return (struct iovec){ pool->text + at, n };
}

static struct iovec cut_base64(const struct blast_pool *pool, uint64_t *state, size_t n)
{
	size_t line = blast_random(state) % ((pool->room - n) / BASE64_LINE);

	return (struct iovec){ pool->base64 + line * BASE64_LINE, n };
}

static size_t write_head(const struct blast_pool *pool, uint64_t number, struct str rcpt,
    struct blast_message *message)
{
	uint64_t state = pool->run ^ (number * 3 + 1);
	const char *word[6];
	char id[64];

	for (size_t i = 0; i < COUNT(word); i++)
		word[i] = words[blast_random(&state) % COUNT(words)];
	blast_message_id(pool, number, id);
	return (size_t)snprintf(message->head, sizeof(message->head),
	    "Received: from relay.blast.test (relay.blast.test [192.0.2.25])\r\n"
	    "\tby mx.bench.test (MX) with ESMTPS id %016" PRIx64 "\r\n"
	    "\tfor <%.*s>; %s\r\n"
	    "Message-ID: <%s>\r\n"
	    "Date: %s\r\n"
	    "From: \"%s %s\" <sender%u@blast.test>\r\n"
	    "To: <%.*s>\r\n"
	    "Subject: %s %s %s %s\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"=_%016" PRIx64 "\"\r\n"
	    "\r\n"
	    "--=_%016" PRIx64 "\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "\r\n",
	    blast_random(&state), STR_ARG(rcpt), pool->date, id, pool->date, word[0], word[1],
	    (unsigned)(number % 1000), STR_ARG(rcpt), word[2], word[3], word[4], word[5],
	    pool->run, pool->run);
}

/* The part's header and one line of base64 that no other message has: no two attachments are alike. */
static size_t write_attachment(
    const struct blast_pool *pool, uint64_t number, struct blast_message *message)
{
	uint64_t state = pool->run + number;
	size_t n = (size_t)snprintf(message->attachment, sizeof(message->attachment),
	    "--=_%016" PRIx64 "\r\n"
	    "Content-Type: application/octet-stream; name=\"file%u.bin\"\r\n"
	    "Content-Disposition: attachment\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n",
	    pool->run, (unsigned)(number % 1000));

	fill_base64(message->attachment + n, BASE64_LINE, &state);
	return n + BASE64_LINE;
}

/* Whole quanta of four characters, so that it decodes; the last line's CRLF belongs to what follows. */
static size_t base64_size(size_t room)
{
	size_t rest = room % BASE64_LINE;

	if (rest > BASE64_LINE - 2)
		rest = BASE64_LINE - 2;
	return room / BASE64_LINE * BASE64_LINE + rest / 4 * 4;
}

void blast_message_compose(const struct blast_pool *pool, uint64_t number, struct str rcpt,
    struct blast_message *message_out)
{
	struct blast_message *m = message_out;
	uint64_t state = pool->run ^ (number << 20);
	size_t head_n = write_head(pool, number, rcpt, m);
	size_t attachment_n = write_attachment(pool, number, m);
	size_t tail_n = (size_t)snprintf(
	    m->tail, sizeof(m->tail), "\r\n--=_%016" PRIx64 "--\r\n.\r\n", pool->run);
	size_t used = head_n + attachment_n + tail_n - strlen(".\r\n") + strlen("\r\n");
	size_t body = pool->size > used ? pool->size - used : 0;
	size_t base64_n = base64_size(body * pool->random_percent / 100);
	struct iovec text = cut_text(pool, &state, body - base64_n);
	size_t skip = 1;

	memcpy(m->text_end, "x\r\n", 3);
	/* a cut inside CRLF would leave a bare CR: another byte takes its place */
	if (text.iov_len > 0 && ((const char *)text.iov_base)[text.iov_len - 1] == '\r') {
		text.iov_len--;
		skip = 0;
	}
	m->part[0] = (struct iovec){ m->head, head_n };
	m->part[1] = text;
	m->part[2] = (struct iovec){ m->text_end + skip, 3 - skip };
	m->part[3] = (struct iovec){ m->attachment, attachment_n };
	m->part[4] = cut_base64(pool, &state, base64_n);
	m->part[5] = (struct iovec){ m->tail, tail_n };
	m->count = BLAST_PARTS;
	m->size = used + body;
}
