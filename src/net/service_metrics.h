/*
 * net/service_metrics.h - what is counted alike for every service: connections, bytes, logins, commands.
 */
#pragma once

#include "base/metric.h"

struct service;

enum service_metric {
	SERVICE_CONNECTIONS,
	SERVICE_ACCEPTED,
	SERVICE_REFUSED,
	SERVICE_BYTES_IN,
	SERVICE_BYTES_OUT,
	SERVICE_LOGINS,	      /* mechanism, result */
	SERVICE_COMMANDS,     /* verb, result */
	SERVICE_COMMAND_TIME, /* verb; microseconds */
};

/* A set for the service, with its name and verbs. */
struct metrics *service_metrics_new(const struct service *service);

/* The number of a mechanism; what is not known is "other". */
size_t service_mechanism(const char *name);
