/*
 * store/parse.c - from the parser's tree to the columns of mail_objects.
 */
#include "store/parse.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/sha256.h"
#include "base/str.h"
#include "mime/address.h"
#include "mime/casemap.h"
#include "mime/date.h"
#include "mime/index.h"
#include "mime/message.h"
#include "mime/msgid.h"
#include "mime/structure.h"
#include "mime/subject.h"
#include "store/store_int.h"

#define SORT_KEY_MAX 1000   /* bytes */
#define MESSAGE_ID_MAX 1000 /* bytes */
#define REFERENCES_READ 1000
#define REFERENCES_LAST 20

int parse_version(void)
{
	return MIME_PARSER_VERSION;
}

int64_t thread_hash(struct str text)
{
	uint8_t hash[SHA256_SIZE];

	sha256(text, hash);
	return hash_to_i64(hash);
}

static const struct mime_part *next_part(const struct mime_part *part)
{
	if (part->child)
		return part->child;
	while (part && !part->next)
		part = part->parent;
	return part ? part->next : NULL;
}

static bool is_large_leaf(const struct mime_part *part, uint64_t leaf_min)
{
	return !part->child && part->body_size >= leaf_min;
}

static void find_leaves(
    const struct mime_part *root, uint64_t leaf_min, struct arena *arena, struct parsed *out)
{
	size_t count = 0;

	for (const struct mime_part *p = root; p; p = next_part(p))
		count += is_large_leaf(p, leaf_min);
	out->leaf_count = 0;
	if (count == 0)
		return;
	out->leaves = ARENA_NEW(arena, struct leaf, count);
	for (const struct mime_part *p = root; p; p = next_part(p)) {
		if (is_large_leaf(p, leaf_min))
			out->leaves[out->leaf_count++] =
			    (struct leaf){ p->body_offset, p->body_size };
	}
}

/* Cut where a character begins, so that it stays UTF-8. */
static struct str cut_key(struct str key)
{
	size_t n = key.n;

	if (n <= SORT_KEY_MAX)
		return key;
	for (n = SORT_KEY_MAX; n > 0 && ((unsigned char)key.p[n] & 0xc0) == 0x80; n--)
		;
	return str_first(key, n);
}

static struct str take(struct arena *arena, struct buf *buf)
{
	struct str s = str_dup(arena, buf_str(buf));

	buf_release(buf);
	return s;
}

/* RFC 5256 section 3, FROM, TO, CC: the mailbox of the first address. */
static struct str address_key(
    const struct mime_part *root, enum mime_field_id id, struct arena *arena)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct mime_address address;

	if (!mime_address_first(mime_value(root, id), arena, &address))
		return STR_EMPTY;
	casemap_add(&out, cut_key(address.mailbox));
	return cut_key(take(arena, &out));
}

static void add_thread_id(struct thread_keys *keys, struct str id)
{
	int64_t hash = thread_hash(id);

	for (size_t i = 0; i < keys->count; i++) {
		if (keys->ids[i] == hash)
			return;
	}
	keys->ids[keys->count++] = hash;
}

/* The newest references stand last; the first is the conversation's beginning. */
static void add_references(
    const struct mime_part *root, struct arena *arena, struct thread_keys *keys)
{
	struct str *ids = ARENA_NEW(arena, struct str, REFERENCES_READ);
	size_t n =
	    mime_message_ids(mime_value(root, MIME_REFERENCES), arena, ids, REFERENCES_READ);
	size_t oldest;

	if (n == 0)
		n = mime_message_ids(mime_value(root, MIME_IN_REPLY_TO), arena, ids, 1);
	oldest = n > REFERENCES_LAST ? n - REFERENCES_LAST : 0;
	for (size_t i = n; i > oldest; i--)
		add_thread_id(keys, ids[i - 1]);
	if (oldest > 0)
		add_thread_id(keys, ids[0]);
}

static void take_keys(const struct mime_part *root, struct arena *arena, struct parsed *out)
{
	struct mime_subject subject = mime_subject(mime_value(root, MIME_SUBJECT), arena);
	int zone_min;

	out->sort_subject = cut_key(subject.key);
	out->sort_from = address_key(root, MIME_FROM, arena);
	out->sort_to = address_key(root, MIME_TO, arena);
	out->sort_cc = address_key(root, MIME_CC, arena);
	if (mime_date_parse(mime_value(root, MIME_DATE), &out->sent_date, &zone_min, NULL) !=
	    OK)
		out->sent_date = INT64_MIN;
	out->thread.subject = thread_hash(out->sort_subject);
	if (mime_message_id(mime_value(root, MIME_MESSAGE_ID), arena, &out->message_id)) {
		out->message_id = str_first(out->message_id, MESSAGE_ID_MAX);
		add_thread_id(&out->thread, out->message_id);
	}
	if (mime_value(root, MIME_REFERENCES).n > 0 || mime_value(root, MIME_IN_REPLY_TO).n > 0)
		add_references(root, arena, &out->thread);
}

static void write_texts(
    const struct mime_part *root, struct str bytes, struct arena *arena, struct parsed *out)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	unsigned flags = mime_envelope(root, arena, bytes, &text);

	out->envelope = take(arena, &text);
	flags |= mime_bodystructure(root, arena, bytes, &text);
	out->structure = take(arena, &text);
	out->encoded = (flags & MIME_TEXT_8BIT) != 0;
	mime_index_write(root, &text);
	out->parts = take(arena, &text);
}

void parse_message(struct str bytes, uint64_t leaf_min, struct arena *arena, struct parsed *out)
{
	struct mime_part *root;

	*out = (struct parsed){ .sent_date = INT64_MIN };
	mime_parse(bytes, arena, &root);
	out->header_size = root->header_size;
	find_leaves(root, leaf_min, arena, out);
	take_keys(root, arena, out);
	write_texts(root, bytes, arena, out);
}
