/*
 * net/network.h - lists of addresses and networks, as the configuration has them: "192.0.2.7", "192.0.2.0/24",
 * "2001:db8::/32".
 */
#pragma once

#include "base/base.h"

/* Can it be read? */
bool network_is_valid(struct str network);

/* Is `address` (IPv4 or IPv6 text) in one of them? An IPv4 address that arrives mapped into IPv6 is its IPv4 self.
 * Entries that cannot be read hold nobody. */
bool networks_have(const struct str *networks, size_t count, struct str address);
