/*
 * cli/json.h - writing JSON (RFC 8259) piece by piece, so that a list of any length takes no memory.
 *
 * Commas and line ends come by themselves. What is no UTF-8 becomes U+FFFD: the answer can always be read.
 */
#pragma once

#include "base/base.h"

#include <stdio.h>

#define JSON_DEPTH_MAX 16

struct json {
	FILE *out;
	int depth;
	bool has_items[JSON_DEPTH_MAX + 1];
	bool after_name;
};

#define JSON_TO(file) ((struct json){ .out = (file) })

void json_object(struct json *json);
void json_object_end(struct json *json);
void json_array(struct json *json);
void json_array_end(struct json *json);

/* In an object: the name of the value that follows. */
void json_name(struct json *json, const char *name); /* a constant of ours */
void json_name_of(struct json *json, struct str name);

void json_str(struct json *json, struct str value);
void json_int(struct json *json, int64_t value);
void json_bool(struct json *json, bool value);

/* json_name and the value. */
void json_name_str(struct json *json, const char *name, struct str value);
void json_name_int(struct json *json, const char *name, int64_t value);
void json_name_bool(struct json *json, const char *name, bool value);
