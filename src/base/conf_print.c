#include "base/conf.h"

#include "base/buf.h"
#include "base/conf_int.h"
#include "base/conf_value.h"
#include "base/str.h"

void conf_print_diags(const struct conf *conf, enum conf_severity up_to, struct buf *out)
{
	for (size_t i = 0; i < conf->diags; i++) {
		const struct conf_diag *diag = &conf->diag[i];

		if (diag->severity > up_to)
			continue;
		buf_add_str(out, diag->file);
		if (diag->line > 0)
			buf_printf(out, ":%u", diag->line);
		buf_add_str(out, diag->file.n > 0 ? STR(": ") : STR_EMPTY);
		buf_add_str(
		    out, diag->severity == CONF_ERROR ? STR("error: ") : STR("warning: "));
		buf_add_str(out, diag->text);
		buf_add_char(out, '\n');
	}
}

static void print_slot(const struct conf_slot *slot, struct buf *out)
{
	bool is_set = slot->rank != CONF_RANK_NONE && !slot->in_error;
	struct str value = is_set ? slot->entry.value : str_from(slot->option->def);

	if (is_set)
		buf_printf(out, "# %.*s, line %u\n", STR_ARG(slot->entry.from->name),
		    slot->entry.line);
	buf_add_str(out, conf_key_of(slot->option));
	BUF_ADD(out, " = ");
	conf_value_print(slot->option, value, out);
	buf_add_char(out, '\n');
}

static bool is_first_of_section(const struct conf *conf, size_t i)
{
	struct str section = conf_section_of(conf->slot[i].option);

	for (size_t j = 0; j < i; j++)
		if (str_equal(section, conf_section_of(conf->slot[j].option)))
			return false;
	return true;
}

static void print_section(
    const struct conf *conf, struct str section, bool changed_only, struct buf *out)
{
	bool headed = section.n == 0;

	for (size_t i = 0; i < conf->slots; i++) {
		const struct conf_slot *slot = &conf->slot[i];

		if (!str_equal(section, conf_section_of(slot->option)) ||
		    (changed_only && !slot->changed))
			continue;
		if (!headed)
			buf_printf(out, "%s[%.*s]\n", out->n > 0 ? "\n" : "", STR_ARG(section));
		headed = true;
		print_slot(slot, out);
	}
}

void conf_print(const struct conf *conf, bool changed_only, struct buf *out)
{
	/* what has no section must stand before the first one */
	print_section(conf, STR_EMPTY, changed_only, out);
	for (size_t i = 0; i < conf->slots; i++) {
		struct str section = conf_section_of(conf->slot[i].option);

		if (section.n > 0 && is_first_of_section(conf, i))
			print_section(conf, section, changed_only, out);
	}
}

static void print_option_manual(const struct conf_option *option, struct buf *out)
{
	buf_printf(out, "### %s\n\n", option->name);
	conf_value_describe(option, out);
	if (option->required)
		BUF_ADD(out, "; must be set");
	else if (option->def && option->def[0])
		buf_printf(out, "; default `%s`", option->def);
	buf_add_str(
	    out, option->reload ? STR("; takes effect on reload") : STR("; needs a restart"));
	BUF_ADD(out, "\n\n");
	if (option->text)
		buf_printf(out, "%s\n\n", option->text);
	if (option->dbmail)
		buf_printf(out, "In dbmail.conf: `%s`\n\n", option->dbmail);
}

void conf_print_manual(const struct conf_table *const *tables, size_t count, struct buf *out)
{
	struct str last = STR_EMPTY;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < tables[i]->count; j++) {
			const struct conf_option *option = &tables[i]->option[j];
			struct str section = conf_section_of(option);

			if (section.n > 0 && !str_equal(section, last))
				buf_printf(out, "## [%.*s]\n\n", STR_ARG(section));
			last = section;
			print_option_manual(option, out);
		}
	}
}

void conf_print_restart(const struct conf *before, const struct conf *after, struct buf *out)
{
	for (size_t i = 0; i < before->slots && i < after->slots; i++) {
		const struct conf_option *option = before->slot[i].option;

		if (!option->reload &&
		    !conf_value_equal(option, before->slot[i].field, after->slot[i].field))
			buf_printf(out, "%s\n", option->name);
	}
}
