#include "mime/section.h"

#include "mime/message.h"

#include "base/str.h"

static const struct mime_part *nth_child(const struct mime_part *part, uint64_t number)
{
	const struct mime_part *child = part->child;

	if (part->kind != MIME_MULTIPART || number == 0 || number > part->child_count)
		return NULL;
	while (child && --number > 0)
		child = child->next;
	return child;
}

/* One number down. A message that is no multipart is its own part 1, if `part` was not reached by a number. */
static const struct mime_part *step(
    const struct mime_part *part, bool is_first, uint64_t number)
{
	if (!is_first && part->kind == MIME_MESSAGE)
		part = part->child;
	else if (!is_first)
		return nth_child(part, number);
	if (part->kind == MIME_MULTIPART)
		return nth_child(part, number);
	return number == 1 ? part : NULL;
}

const struct mime_part *mime_part_by_section(const struct mime_part *root, struct str numbers)
{
	const struct mime_part *part = root;
	bool is_first = true;
	struct str piece;
	uint64_t number;

	if (numbers.n == 0)
		return root;
	while (part && str_split(&numbers, '.', &piece)) {
		if (str_to_u64(piece, UINT32_MAX, &number) != OK)
			return NULL;
		part = step(part, is_first, number);
		is_first = false;
	}
	return part;
}

/* The message whose header and text a section means. */
static const struct mime_part *message_of(const struct mime_part *part, bool has_numbers)
{
	if (!has_numbers)
		return part;
	return part->kind == MIME_MESSAGE ? part->child : NULL;
}

bool mime_section(const struct mime_part *root, struct str numbers, enum mime_section_what what,
    struct mime_range *range_out)
{
	bool has_numbers = numbers.n > 0;
	const struct mime_part *part = mime_part_by_section(root, numbers);

	if (part && (what == MIME_SECTION_HEADER || what == MIME_SECTION_TEXT))
		part = message_of(part, has_numbers);
	if (!part || (what == MIME_SECTION_MIME && !has_numbers))
		return false;
	*range_out = (struct mime_range){ part->body_offset, part->body_size };
	if (what == MIME_SECTION_HEADER || what == MIME_SECTION_MIME)
		*range_out = (struct mime_range){ part->header_offset, part->header_size };
	else if (what == MIME_SECTION_ALL && !has_numbers)
		*range_out = (struct mime_range){ part->header_offset,
			part->header_size + part->body_size };
	return true;
}
