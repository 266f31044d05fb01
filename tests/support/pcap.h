/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes UDP datagrams as a capture file (libpcap 2.4, raw IPv4), for programs that look into such:
 * no rights are needed as nothing is captured. One thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_pcap;

/* 0 or -errno. */
int gs_pcap_open(const char *path, struct gs_pcap **ret) GS_MUST_CHECK;
/* At most 65,000 bytes. time_ns: any clock. */
void gs_pcap_write(struct gs_pcap *pcap, uint16_t from_port, uint16_t to_port, const void *data,
                   size_t size, uint64_t time_ns);
/* 0, or -EIO when not all was written. Accepts NULL. */
int gs_pcap_close(struct gs_pcap *pcap) GS_MUST_CHECK;
