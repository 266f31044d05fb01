/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/pcap.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "common/bytes.h"
#include "common/clock.h"

#define LINKTYPE_RAW 101
#define IP_HEADER 20
#define UDP_HEADER 8
#define LOOPBACK 0x7f000001

struct gs_pcap {
    FILE *file;
};

int gs_pcap_open(const char *path, struct gs_pcap **ret)
{
    /* Magic, version 2.4, time zone, accuracy, longest packet, link type; our byte order. */
    const uint32_t header[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, LINKTYPE_RAW};
    FILE *file = fopen(path, "wbe");

    if (!file)
        return -errno;
    fwrite(header, sizeof(header), 1, file);
    *ret = g_new0(struct gs_pcap, 1);
    (*ret)->file = file;
    return 0;
}

static uint16_t ip_checksum(const uint8_t header[IP_HEADER])
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < IP_HEADER; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

static void write_ip(uint8_t out[IP_HEADER], size_t total)
{
    struct gs_writer w;
    uint16_t sum;

    gs_writer_init(&w, out, IP_HEADER);
    gs_write_u16(&w, 0x4500);
    gs_write_u16(&w, (uint16_t)total);
    gs_write_u32(&w, 0x4000);       /* no id, don't fragment */
    gs_write_u16(&w, 64 << 8 | 17); /* hops, UDP */
    gs_write_u16(&w, 0);
    gs_write_u32(&w, LOOPBACK);
    gs_write_u32(&w, LOOPBACK);
    sum = ip_checksum(out);
    out[10] = (uint8_t)(sum >> 8);
    out[11] = (uint8_t)sum;
}

void gs_pcap_write(struct gs_pcap *pcap, uint16_t from_port, uint16_t to_port, const void *data,
                   size_t size, uint64_t time_ns)
{
    uint32_t total = (uint32_t)(IP_HEADER + UDP_HEADER + size);
    const uint32_t record[] = {(uint32_t)(time_ns / GS_NS_PER_S),
                               (uint32_t)(time_ns % GS_NS_PER_S / GS_NS_PER_US), total, total};
    uint8_t headers[IP_HEADER + UDP_HEADER];
    struct gs_writer w;

    assert(size <= 65000);
    write_ip(headers, total);
    gs_writer_init(&w, headers + IP_HEADER, UDP_HEADER);
    gs_write_u16(&w, from_port);
    gs_write_u16(&w, to_port);
    gs_write_u16(&w, (uint16_t)(UDP_HEADER + size));
    gs_write_u16(&w, 0); /* no checksum */
    fwrite(record, sizeof(record), 1, pcap->file);
    fwrite(headers, sizeof(headers), 1, pcap->file);
    fwrite(data, 1, size, pcap->file);
}

int gs_pcap_close(struct gs_pcap *pcap)
{
    bool bad;

    if (!pcap)
        return 0;
    bad = ferror(pcap->file);
    bad |= fclose(pcap->file) != 0;
    g_free(pcap);
    return bad ? -EIO : 0;
}
