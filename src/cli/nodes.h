/*
 * cli/nodes.h - the nodes of a site, shown.
 */
#pragma once

#include "store/site_nodes.h"

struct json;

/* "node           3, alive, mail2, pid 712, ..." and the end of the line. */
void cli_print_node(struct arena *arena, const struct site_node *node);

/* A member "nodes" with all of them. */
void cli_json_nodes(struct json *json, const struct site_nodes *nodes);
