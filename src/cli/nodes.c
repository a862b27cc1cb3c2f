#include "cli/nodes.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/json.h"

#include <stdio.h>

static struct str ago(struct arena *arena, int64_t unix_s)
{
	int64_t s = clock_unix_s() - unix_s;

	if (s < 120)
		return str_printf(arena, "%lld s ago", (long long)(s > 0 ? s : 0));
	if (s < 7200)
		return str_printf(arena, "%lld min ago", (long long)(s / 60));
	return str_printf(arena, "%lld h ago", (long long)(s / 3600));
}

void cli_print_node(struct arena *arena, const struct site_node *node)
{
	printf("node           %d, %s", node->number,
	    !node->alive       ? "gone"
		: node->serves ? "alive"
			       : "alive, a command");
	if (node->host.n > 0)
		printf(", %.*s", STR_ARG(node->host));
	if (node->pid > 0)
		printf(", pid %lld", (long long)node->pid);
	if (node->program.n > 0)
		printf(", version %.*s", STR_ARG(node->program));
	printf(", renewed %.*s", STR_ARG(ago(arena, node->renewed)));
	if (node->expires_ms > 0)
		printf(", lease for %.1f s", (double)node->expires_ms / 1000);
	putchar('\n');
}

void cli_json_nodes(struct json *json, const struct site_nodes *nodes)
{
	json_name(json, "nodes");
	json_array(json);
	for (size_t i = 0; i < nodes->count; i++) {
		const struct site_node *node = &nodes->item[i];

		json_object(json);
		json_name_int(json, "number", node->number);
		json_name_bool(json, "alive", node->alive);
		json_name_bool(json, "serves", node->serves);
		json_name_int(json, "renewed", node->renewed);
		json_name_int(json, "started", node->started);
		json_name_int(json, "lease_ms", node->expires_ms);
		json_name_str(json, "host", node->host);
		json_name_int(json, "pid", node->pid);
		json_name_str(json, "version", node->program);
		json_name_int(json, "schema", node->schema);
		json_object_end(json);
	}
	json_array_end(json);
}
