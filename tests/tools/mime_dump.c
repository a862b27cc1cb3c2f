/*
 * mime_dump - what src/mime makes of messages, a line of JSON for each file; or how long it takes.
 *
 *     mime_dump FILE...
 *     mime_dump -n COUNT FILE...    microseconds for parse, ENVELOPE, BODYSTRUCTURE and index
 *
 * Texts whose bytes may be anything (ENVELOPE, BODYSTRUCTURE, types) stand as Latin-1 in the JSON, a byte a character.
 */
#include "mime/address.h"
#include "mime/date.h"
#include "mime/encoding.h"
#include "mime/header.h"
#include "mime/index.h"
#include "mime/message.h"
#include "mime/msgid.h"
#include "mime/param.h"
#include "mime/structure.h"
#include "mime/subject.h"
#include "mime/word.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	size_t n = 1;

	if (!file)
		return false;
	while (n > 0) {
		char *room = buf_reserve(out, 65536);

		n = fread(room, 1, 65536, file);
		buf_grown(out, n);
	}
	return fclose(file) == 0;
}

static void add_json(struct buf *out, struct str s, bool is_utf8)
{
	if (!s.p) {
		BUF_ADD(out, "null");
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f || (c > 0x7f && !is_utf8))
			buf_printf(out, "\\u%04x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static void add_part(struct buf *out, const struct mime_part *part, struct str bytes)
{
	static const char *const kinds[] = { "leaf", "text", "multipart", "message", "opaque" };
	struct buf decoded = BUF_INIT(SIZE_MAX);

	mime_decode(part->encoding, mime_body_of(bytes, part), &decoded);
	buf_printf(out, "{\"kind\":\"%s\",\"type\":", kinds[part->kind]);
	add_json(out, part->head->type, false);
	BUF_ADD(out, ",\"subtype\":");
	add_json(out, part->head->subtype, false);
	buf_printf(out,
	    ",\"header\":[%llu,%llu],\"body\":[%llu,%llu],\"lines\":%llu,\"encoding\":%d,"
	    "\"decoded\":%zu,\"parts\":[",
	    (unsigned long long)part->header_offset, (unsigned long long)part->header_size,
	    (unsigned long long)part->body_offset, (unsigned long long)part->body_size,
	    (unsigned long long)part->body_lines, (int)part->encoding, decoded.n);
	buf_release(&decoded);
	for (const struct mime_part *child = part->child; child; child = child->next) {
		add_part(out, child, bytes);
		if (child->next)
			buf_add_char(out, ',');
	}
	BUF_ADD(out, "]}");
}

static void add_texts(struct buf *out, const struct mime_part *root, struct arena *arena)
{
	struct mime_subject subject = mime_subject(mime_value(root, MIME_SUBJECT), arena);
	struct str ids[100];
	size_t count = mime_message_ids(mime_value(root, MIME_REFERENCES), arena, ids, 100);
	struct str value = mime_value(root, MIME_SUBJECT);
	int64_t unix_s;
	int zone_min;

	BUF_ADD(out, ",\"subject\":");
	add_json(out, value.p ? mime_word_text(value, arena) : value, true);
	BUF_ADD(out, ",\"base\":");
	add_json(out, subject.base, true);
	BUF_ADD(out, ",\"date\":");
	if (mime_date_parse(mime_value(root, MIME_DATE), &unix_s, &zone_min, NULL) == OK)
		buf_printf(out, "[%lld,%d]", (long long)unix_s, zone_min);
	else
		BUF_ADD(out, "null");
	BUF_ADD(out, ",\"references\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		add_json(out, ids[i], false);
	}
	BUF_ADD(out, "]");
}

static void add_structures(
    struct buf *out, const struct mime_part *root, struct str bytes, struct arena *arena)
{
	struct buf text = BUF_INIT(SIZE_MAX), body = BUF_INIT(SIZE_MAX);
	struct mime_part *again;
	struct err err = { .code = OK };
	unsigned flags = mime_envelope(root, arena, bytes, &text);

	BUF_ADD(out, ",\"envelope\":");
	add_json(out, buf_str(&text), false);
	buf_clear(&text);
	flags |= mime_bodystructure(root, arena, bytes, &text);
	BUF_ADD(out, ",\"structure\":");
	add_json(out, buf_str(&text), false);
	if (imap_body_from_structure(buf_str(&text), &body, &err) == OK) {
		BUF_ADD(out, ",\"body\":");
		add_json(out, buf_str(&body), false);
	}
	buf_clear(&text);
	mime_index_write(root, &text);
	if (err.code == OK && mime_index_read(buf_str(&text), 0, arena, &again, &err) == OK) {
		buf_clear(&body);
		mime_index_write(again, &body);
		if (!str_equal(buf_str(&text), buf_str(&body)))
			(void)err_set(&err, ERR_INTERNAL, "index is not the same");
	}
	buf_printf(out, ",\"flags\":%u,\"index\":%zu,\"error\":", flags, text.n);
	add_json(out, err.code == OK ? STR_EMPTY : str_from(err.text), false);
	buf_release(&text);
	buf_release(&body);
}

static void dump(const char *path, struct str bytes)
{
	struct arena *arena = arena_new("dump");
	struct buf out = BUF_INIT(SIZE_MAX);
	struct mime_part *root;

	mime_parse(bytes, arena, &root);
	BUF_ADD(&out, "{\"file\":");
	add_json(&out, str_from(path), true);
	BUF_ADD(&out, ",\"root\":");
	add_part(&out, root, bytes);
	add_texts(&out, root, arena);
	add_structures(&out, root, bytes, arena);
	BUF_ADD(&out, "}\n");
	(void)fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	arena_free(&arena);
}

static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* As a delivery does it: one arena that is cleared, buffers that are used again. */
static void measure(const char *path, struct str bytes, size_t count)
{
	struct arena *arena = arena_new("measure");
	struct buf out = BUF_INIT(SIZE_MAX), line = BUF_INIT(SIZE_MAX);
	double times[4] = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct mime_part *root;
		double start = now_us(), parsed, enveloped;

		mime_parse(bytes, arena, &root);
		parsed = now_us();
		buf_clear(&out);
		(void)mime_envelope(root, arena, bytes, &out);
		enveloped = now_us();
		(void)mime_bodystructure(root, arena, bytes, &out);
		times[2] += now_us() - enveloped;
		mime_index_write(root, &out);
		arena_clear(arena);
		times[3] += now_us() - start;
		times[0] += parsed - start;
		times[1] += enveloped - parsed;
	}
	buf_printf(&line,
	    "%s: %zu bytes: parse %.2f, envelope %.2f, structure %.2f, all %.2f us\n", path,
	    bytes.n, times[0] / (double)count, times[1] / (double)count,
	    times[2] / (double)count, times[3] / (double)count);
	(void)fwrite(line.p, 1, line.n, stdout);
	buf_release(&line);
	buf_release(&out);
	arena_free(&arena);
}

int main(int argc, char **argv)
{
	int i = 1, rc = 0;
	uint64_t count = 0;

	if (argc > 3 && str_equal(str_from(argv[1]), STR("-n")) &&
	    str_to_u64(str_from(argv[2]), 10000000, &count) == OK)
		i = 3;
	for (; i < argc; i++) {
		struct buf bytes = BUF_INIT(SIZE_MAX);

		if (!read_file(argv[i], &bytes)) {
			perror(argv[i]);
			rc = 1;
		} else if (count > 0) {
			measure(argv[i], buf_str(&bytes), (size_t)count);
		} else {
			dump(argv[i], buf_str(&bytes));
		}
		buf_release(&bytes);
	}
	return rc;
}
