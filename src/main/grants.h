/*
 * main/grants.h - which files the server still needs once it is locked in: from the configuration.
 */
#pragma once

struct lockin;
struct wire;

/* After the listeners are bound and the database is found. Grants nothing that the configuration does not name. */
void grants_of(const struct wire *wire, struct lockin *lockin);
