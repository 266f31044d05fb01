/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs gpushare-client, for tests of it without a window. They end the test. */
#pragma once

#include <stdint.h>

#include "tests/support/fake_host.h"
#include "tests/support/process.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct gs_fake_host *client_create_host(struct gs_fake_host_params params);
/* Starts the client with up to 17 arguments. url NULL: without one. */
struct gs_process client_start(const char *url, const char *const *args);
/* It ended with `status`, which must be `expected`, having said text (NULL: anything). */
void client_check_said(struct gs_process *p, int status, int expected, const char *text);
/* Runs it to its end without a host. */
void client_expect(const char *url, const char *const *args, int status, const char *text);
/* Runs it against the host to its end. */
void client_run(struct gs_fake_host *host, const char *const *args, int status, const char *text);
/* The first such record that came. */
const struct gs_input *client_find_input(const struct gs_fake_host *host, enum gs_input_kind kind,
                                         uint16_t code, uint8_t pressed);
