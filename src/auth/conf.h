/*
 * auth/conf.h - the options of section [auth].
 */
#pragma once

#include "base/conf.h"

enum auth_announce { AUTH_ANNOUNCE_AUTO, AUTH_ANNOUNCE_ALWAYS };

struct auth_conf {
	int64_t workers, queue_max;
	struct conf_list mechanisms;
	int scram_announce; /* enum auth_announce */
	int64_t scram_iterations;
	bool throttle;
	int64_t throttle_delay_max_ms;
	struct conf_list trusted; /* addresses and networks */
	bool journal;
	int64_t journal_keep_ms; /* 0: for ever */
};

extern const struct conf_table auth_conf_table;

/* The mechanisms of a list as 1 << enum sasl_mechanism. ERR_ARG names the word that is none. */
NODISCARD enum errc auth_mechanisms(
    struct conf_list list, unsigned *mechanisms_out, struct err *err);
