#include "imap/uids.h"

#include "imap/imap_int.h"
#include "imap/view.h"

static uint32_t count_numbers(const struct seqset *seqs)
{
	uint32_t count = 0;

	for (size_t i = 0; i < seqs->count; i++)
		count += seqs->range[i].last - seqs->range[i].first + 1;
	return count;
}

static void list_uids(struct imap_session *s, const struct seqset *seqs, struct uid_list *out)
{
	size_t n = 0;

	out->count = count_numbers(seqs);
	out->uid = ARENA_NEW(s->arena, uint32_t, out->count);
	for (size_t i = 0; i < seqs->count; i++)
		for (uint32_t seq = seqs->range[i].first; seq <= seqs->range[i].last; seq++)
			out->uid[n++] = index_at(s->view->known, seq)->uid;
}

enum errc uids_of_set(struct imap_session *s, const struct seqset *set, bool uid,
    struct uid_list *uids_out, struct seqset *seqs_out, struct err *err)
{
	struct seqset seqs;
	struct db *db;
	enum errc rc = OK;

	if (s->view->known == NULL) {
		rc = imap_lease(s, &db, err);
		if (rc == OK) {
			rc = view_load(s, db, err);
			db_return(&db);
		}
	}
	if (rc == OK)
		rc = view_resolve(s->view, set, uid, s->arena, &seqs, err);
	if (rc != OK)
		return rc;
	list_uids(s, &seqs, uids_out);
	if (seqs_out != NULL)
		*seqs_out = seqs;
	return OK;
}
