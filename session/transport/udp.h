/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP socket of a session: finding a port, and sending many packets with few system calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/macros.h"

#define GS_UDP_BATCH 64 /* packets in one call of gs_udp_send */

struct gs_udp {
    int fd; /* non-blocking; -1: none */
    uint16_t port;
    bool segmentation; /* UDP_SEGMENT: the kernel cuts one buffer into packets (Linux 4.18) */
};

struct gs_udp_peer {
    struct sockaddr_storage address;
    socklen_t size; /* 0: nobody */
};

/* address: numeric; NULL or "": any, IPv6 and IPv4. The first free port from first to last (both 0:
 * any). 0; -EINVAL for an address that is none; -EADDRINUSE when all are taken; -errno. Every
 * failure is logged. */
int gs_udp_open(const char *address, uint16_t first, uint16_t last,
                struct gs_udp *ret) GS_MUST_CHECK;
void gs_udp_close(struct gs_udp *udp);
/* Sends n <= GS_UDP_BATCH packets; returns how many the kernel took. Waits at most wait_ms for room
 * in the socket's buffer. One thread at a time. */
unsigned gs_udp_send(struct gs_udp *udp, const struct gs_udp_peer *peer, struct iovec *packets,
                     unsigned n, int wait_ms);
bool gs_udp_peer_equal(const struct gs_udp_peer *a, const struct gs_udp_peer *b);
