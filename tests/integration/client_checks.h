/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the client look for in the files that it writes. They end the test. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "tests/support/picture.h"

/* The fake host's picture: colours from the upper left to the lower right quarter, at first and
 * after an odd number of key presses. */
extern const uint32_t client_unswapped[4], client_swapped[4];

void client_check_percentiles(const json_t *json, const char *key);
/* Statistics of a run that showed pictures. */
void client_check_stats(const char *path);
void client_check_picture(const char *path, const uint32_t colours[4]);
void client_check_cursor(const char *path, uint32_t x, uint32_t y);
