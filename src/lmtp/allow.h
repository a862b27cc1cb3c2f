/*
 * lmtp/allow.h - which peers may speak LMTP over TCP.
 */
#pragma once

#include "base/base.h"

/* Is `address` (IPv4 or IPv6 text) one of the addresses or in one of the networks ("192.0.2.0/24", "2001:db8::/32")? An
 * IPv4 address that arrives mapped into IPv6 is its IPv4 self. Entries that cannot be read allow nobody. */
bool lmtp_peer_is_allowed(struct str address, const struct str *allow, size_t count);
