#include "imap/acl_rights.h"

#include "base/buf.h"
#include "store/mailbox.h"

/* The obsolete rights stand at the end: they are given if any of what they mean is. */
static const struct {
	char letter;
	unsigned rights;
} letters[] = {
	{ 'l', RIGHT_LOOKUP },
	{ 'r', RIGHT_READ },
	{ 's', RIGHT_SEEN },
	{ 'w', RIGHT_WRITE },
	{ 'i', RIGHT_INSERT },
	{ 'p', RIGHT_POST },
	{ 'k', RIGHT_CREATE },
	{ 'x', RIGHT_DELETE },
	{ 't', RIGHT_DELETED },
	{ 'e', RIGHT_EXPUNGE },
	{ 'a', RIGHT_ADMINISTER },
	{ 'c', RIGHT_CREATE },
	{ 'd', RIGHT_DELETE | RIGHT_DELETED | RIGHT_EXPUNGE },
};

static unsigned rights_of(char letter)
{
	for (size_t i = 0; i < COUNT(letters); i++)
		if (letters[i].letter == letter)
			return letters[i].rights;
	return 0;
}

enum errc acl_rights_parse(struct str text, unsigned *rights_out, struct err *err)
{
	unsigned rights = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned more = rights_of(text.p[i]);

		if (more == 0)
			return err_set(err, ERR_SYNTAX, "unknown right");
		rights |= more;
	}
	*rights_out = rights;
	return OK;
}

void acl_rights_print(struct buf *out, unsigned rights)
{
	if (rights == 0)
		BUF_ADD(out, "\"\"");
	for (size_t i = 0; i < COUNT(letters); i++)
		if ((rights & letters[i].rights) != 0)
			buf_add_char(out, letters[i].letter);
}

void acl_rights_print_optional(struct buf *out)
{
	for (size_t i = 0; i < COUNT(letters); i++) {
		buf_add_char(out, ' ');
		buf_add_char(out, letters[i].letter);
	}
}
