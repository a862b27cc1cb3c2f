/*
 * cli/db_sweep.c - housekeeping now, beside running servers.
 */
#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "store/sweep_now.h"

#include <stdio.h>

static void print_json(const struct sweep_report *report)
{
	struct json json = JSON_TO(stdout);

	json_object(&json);
	json_name_int(&json, "messages", report->messages);
	json_name_int(&json, "folders", report->mailboxes);
	json_name_int(&json, "accounts", report->accounts);
	json_name_int(&json, "shared_parts", report->blobs);
	json_name_int(&json, "delivery_keys", report->keys);
	json_name_int(&json, "login_records", report->logins);
	json_object_end(&json);
}

static void print_text(const struct sweep_report *report, bool complete)
{
	const struct {
		int64_t count;
		const char *text;
	} lines[] = {
		{ report->messages, "expunged messages, whose time was over" },
		{ report->mailboxes, "pieces of folders that are gone, and of old logs" },
		{ report->accounts, "pieces of accounts that are gone" },
		{ report->blobs, "shared parts that nobody uses" },
		{ report->keys, "delivery keys, whose time was over" },
		{ report->logins, "records of logins, whose time was over" },
	};
	bool any = false;

	for (size_t i = 0; i < COUNT(lines); i++) {
		if (lines[i].count == 0)
			continue;
		printf("%8lld %s\n", (long long)lines[i].count, lines[i].text);
		any = true;
	}
	if (!any && complete)
		printf("nothing to sweep\n");
}

int cmd_db_sweep(struct cli *cli, const struct cli_args *args)
{
	struct sweep_report report;
	struct err err = { .code = OK };
	struct site site;
	int status = cli_open(cli, SITE_TOOL, &site);

	if (status == EX_OK) {
		enum errc rc = sweep_now(site.store, &report, &err);

		if (cli_has(args, "json"))
			print_json(&report);
		else
			print_text(&report, rc == OK);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
