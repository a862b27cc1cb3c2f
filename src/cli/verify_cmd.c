/* cli/verify_cmd.c - every rule of the store, checked from the rows. */
#include "base/str.h"
#include "cli/command.h"
#include "cli/json.h"
#include "store/verify.h"

#include <stdio.h>

struct findings {
	struct json json;
	bool as_json;
};

static void print_problem(void *arg, struct str text)
{
	struct findings *findings = arg;

	if (findings->as_json)
		json_str(&findings->json, text);
	else
		printf("%.*s\n", STR_ARG(text));
}

static void print_report(
    struct findings *findings, const struct verify_report *report, bool complete)
{
	struct json *json = &findings->json;

	if (!findings->as_json) {
		printf("%llu accounts, %llu folders, %llu entries, %llu messages, %llu shared "
		       "parts: %llu problems\n",
		    (unsigned long long)report->accounts, (unsigned long long)report->mailboxes,
		    (unsigned long long)report->entries, (unsigned long long)report->objects,
		    (unsigned long long)report->blobs, (unsigned long long)report->problems);
		return;
	}
	json_array_end(json);
	json_name_int(json, "accounts", (int64_t)report->accounts);
	json_name_int(json, "folders", (int64_t)report->mailboxes);
	json_name_int(json, "entries", (int64_t)report->entries);
	json_name_int(json, "messages", (int64_t)report->objects);
	json_name_int(json, "shared_parts", (int64_t)report->blobs);
	json_name_int(json, "problem_count", (int64_t)report->problems);
	json_name_bool(json, "complete", complete);
	json_object_end(json);
}

int cmd_verify(struct cli *cli, const struct cli_args *args)
{
	struct findings findings = { .json = JSON_TO(stdout),
		.as_json = cli_has(args, "json") };
	struct verify_report report = { .problems = 0 };
	struct err err = { .code = OK };
	struct site site;
	int status = cli_load(cli, &site);

	/* rows of a large site are looked at in statements over all of them */
	site.patient = true;
	if (status == EX_OK)
		status = cli_open_loaded(cli, SITE_READ, &site);
	if (status == EX_OK) {
		enum errc rc;

		if (findings.as_json) {
			json_object(&findings.json);
			json_name(&findings.json, "problems");
			json_array(&findings.json);
		}
		rc = store_verify(site.store, print_problem, &findings, &report, &err);
		/* what was not looked at has no problems either: that is not said */
		if (rc == OK || findings.as_json)
			print_report(&findings, &report, rc == OK);
		if (rc != OK)
			status = cli_fail(cli, rc, &err);
		else if (report.problems > 0)
			status = EXIT_FAILED;
	}
	site_close(&site);
	return status == EX_OK ? cli_done(cli) : status;
}
