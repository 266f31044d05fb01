/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's side of a page of the scheduler, as plain as can be: asks, waits, starts and
 * finishes frames. Deadlines are limits against hanging. Thread: one. */
#pragma once

#include <stdbool.h>

#include "common/grant_page.h"
#include "common/link.h"
#include "common/macros.h"

#define FAKE_TURNS_DEADLINE_MS 30000

/* Connects to the workers' socket and asks for a page; the socket, or -errno. */
int fake_turns_connect(const char *path, const struct gs_worker_grants *who) GS_MUST_CHECK;
/* The answer. 0 or -errno: -ECONNRESET where it is refused. */
int fake_turns_receive(int socket, struct gs_grant_channel *ret) GS_MUST_CHECK;
/* Starts a frame, with a grant where it needs one. False: the deadline, or the host is gone. */
bool fake_turns_begin(struct gs_grant_channel *c);
void fake_turns_end(struct gs_grant_channel *c);
/* The same, and asks for the next one where it needs a grant, all at once. Whether it asked:
 * fake_turns_await then begins. */
bool fake_turns_end_and_ask(struct gs_grant_channel *c);
bool fake_turns_await(struct gs_grant_channel *c);
/* Asks, and does not wait. */
void fake_turns_ask(struct gs_grant_channel *c);
/* Until `flag` is set, or is not; false: the deadline. */
bool fake_turns_wait_flag(struct gs_grant_channel *c, enum gs_grant_flag flag, bool set);
