/*
 * tests/cm.h - cmocka with the headers that it needs before it, in the order that it needs.
 */
#pragma once

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
