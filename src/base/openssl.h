/*
 * base/openssl.h - to be included before any header of OpenSSL.
 *
 * OpenSSL has a type ERR_STATE and our list of errors a code of that name; its type goes by another one here.
 */
#pragma once

/* clang-format off: both headers name the type and have to stand between the two lines */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/types.h>
#undef ERR_STATE
/* clang-format on */
