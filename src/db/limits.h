/*
 * db/limits.h - what a database url may hold.
 */
#pragma once

#define DB_URL_MAX 4096	      /* bytes of its text */
#define DB_URL_HOSTS_MAX 16   /* tried one after the other */
#define DB_URL_OPTIONS_MAX 32 /* behind the '?' */

/* A url as we write it: each byte may become three, and a few are ours. */
#define DB_URL_TEXT_MAX ((size_t)DB_URL_MAX * 4)
