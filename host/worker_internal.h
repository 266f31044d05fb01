/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of host/worker share. Main thread. */
#pragma once

#include "common/channel.h"
#include "host/worker.h"

#define GS_WORKER_HEAD_SIZE 5 /* u32 client, u8 type */

/* Its link; borrowed. */
struct gs_channel *gs_worker_link(const struct gs_worker *w);
