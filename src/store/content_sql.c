/*
 * store/content_sql.c - the bytes of messages: skeletons, blobs, chunks.
 */
#include "store/mail_sql.h"

const struct db_sql sql_content_sizes = {
	.name = "content.sizes",
	.text = "SELECT o.size, o.header_size, o.trace_size, c.header FROM mail_objects o"
		" JOIN mail_contents c ON c.object = o.object AND c.owner = o.owner"
		" WHERE o.object = ? AND o.owner = ?",
};

const struct db_sql sql_content_body = {
	.name = "content.body",
	.text = "SELECT body, extents FROM mail_contents WHERE object = ? AND owner = ?",
};

const struct db_sql sql_blob_find = {
	.name = "blob.find",
	.text = "SELECT chunks FROM mail_blobs WHERE hash = ?",
};

const struct db_sql sql_blob_insert = {
	.name = "blob.insert",
	.text = "INSERT INTO mail_blobs (size, chunks, touched, hash) VALUES (?, ?, ?, ?)",
};

const struct db_sql sql_blob_grow = {
	.name = "blob.grow",
	.text = "UPDATE mail_blobs SET chunks = ?, touched = ? WHERE chunks = ? AND hash = ?",
};

const struct db_sql sql_blob_touch = {
	.name = "blob.touch",
	.text = "UPDATE mail_blobs SET touched = ? WHERE chunks = ? AND hash = ?",
};

const struct db_sql sql_blob_ref_insert = {
	.name = "blob_ref.insert",
	.text = "INSERT INTO mail_blob_refs (owner, object, hash) VALUES (?, ?, ?)",
};

const struct db_sql sql_chunk_insert = {
	.name = "chunk.insert",
	.text = "INSERT INTO mail_chunks (n, hash, data) VALUES (?, ?, ?)",
};

const struct db_sql sql_chunk_get = {
	.name = "chunk.get",
	.text = "SELECT data FROM mail_chunks WHERE n = ? AND hash = ?",
};
