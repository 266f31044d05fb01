/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bad network for tests: a UDP relay on the loopback between one client and one server, with
 * seeded loss, delay, reordering and a bottleneck. Runs a thread of its own. The client sends to
 * gs_relay_port; the server sees the relay's other port as the client.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_relay;

struct gs_relay_params {
    uint16_t server_port; /* on 127.0.0.1 */
    uint64_t seed;
    double loss;    /* 0 … 1, each way */
    double reorder; /* probability that a datagram is held for reorder_us more */
    uint32_t reorder_us;
    double duplicate;   /* probability that a datagram comes twice */
    uint32_t delay_us;  /* each way */
    uint32_t rate_kbps; /* each way; 0: unlimited */
    uint32_t queue_us;  /* what would wait longer at the bottleneck is dropped; 0: 200 ms */
};

enum gs_relay_direction {
    GS_RELAY_TO_SERVER,
    GS_RELAY_TO_CLIENT,
};

struct gs_relay_stats {
    uint64_t forwarded[2], dropped[2]; /* by direction */
};

/* 0 or -errno. */
int gs_relay_create(const struct gs_relay_params *params, struct gs_relay **ret) GS_MUST_CHECK;
/* What is on its way is lost. Accepts NULL. */
void gs_relay_destroy(struct gs_relay *relay);
uint16_t gs_relay_port(const struct gs_relay *relay);
/* From now on; server_port and seed are ignored. Any thread. */
void gs_relay_set_params(struct gs_relay *relay, const struct gs_relay_params *params);
/* The client's address as the server sees it changes, as when a client roams; what the server sends
 * to the old one is lost. Any thread. 0 or -errno. */
int gs_relay_rebind(struct gs_relay *relay) GS_MUST_CHECK;
/* Sends a datagram of the caller's as if it came from the other side. Any thread. 0, -ENOTCONN (the
 * client was not heard yet), -errno. */
int gs_relay_inject(struct gs_relay *relay, enum gs_relay_direction dir, const void *data,
                    size_t size) GS_MUST_CHECK;
void gs_relay_get_stats(struct gs_relay *relay, struct gs_relay_stats *ret);
