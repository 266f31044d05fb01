/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/x264_frame_num.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "encoder/h264.h"

#define X264_BITS 4
/* Longer than any SPS of x264's, and than what is read of a slice header. */
#define HEAD 256

/* The first bytes of a NAL unit without emulation prevention (7.4.1). */
struct head {
    uint8_t raw[HEAD];
    size_t size;     /* of raw */
    size_t consumed; /* bytes of the NAL unit that raw stands for */
    size_t bit;      /* the next to be read */
};

static void unescape(const uint8_t *nal, size_t size, struct head *h)
{
    size_t at = 0;
    unsigned zeros = 0;

    h->size = 0;
    for (; at < size && h->size < HEAD; at++) {
        if (zeros >= 2 && nal[at] == 3) {
            zeros = 0;
            continue;
        }
        zeros = nal[at] ? 0 : zeros + 1;
        h->raw[h->size++] = nal[at];
    }
    h->consumed = at;
    h->bit = 8;
}

static void append_escaped(GByteArray *out, const uint8_t *raw, size_t size)
{
    unsigned zeros = 0;

    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && raw[i] <= 3) {
            g_byte_array_append(out, (const uint8_t[]){3}, 1);
            zeros = 0;
        }
        zeros = raw[i] ? 0 : zeros + 1;
        g_byte_array_append(out, &raw[i], 1);
    }
}

/* 0 after the end: there is always a stop bit before. */
static unsigned read_bit(struct head *h)
{
    size_t at = h->bit++;

    return at / 8 < h->size ? h->raw[at / 8] >> (7 - at % 8) & 1 : 0;
}

static uint32_t read_bits(struct head *h, unsigned n)
{
    uint32_t v = 0;

    while (n--)
        v = v << 1 | read_bit(h);
    return v;
}

static uint32_t read_ue(struct head *h)
{
    unsigned zeros = 0;

    while (!read_bit(h) && zeros < 31)
        zeros++;
    return (UINT32_C(1) << zeros) - 1 + read_bits(h, zeros);
}

static void put_bits(uint8_t *to, size_t *bit, unsigned n, uint32_t v)
{
    for (; n--; ++*bit)
        to[*bit / 8] |= (uint8_t)((v >> n & 1) << (7 - *bit % 8));
}

/* Stands before log2_max_frame_num_minus4 (7.3.2.1.1), in the forms that x264 writes for 4:2:0. */
static bool find_in_sps(struct head *h)
{
    uint32_t profile = read_bits(h, 8);

    read_bits(h, 16);
    read_ue(h);
    if (profile != 100)
        return profile == 66 || profile == 77;
    /* 4:2:0, 8 bits twice, no bypass, flat scaling. */
    return read_ue(h) == 1 && !read_ue(h) && !read_ue(h) && !read_bits(h, 2);
}

static size_t last_bit(const struct head *h)
{
    size_t bit = h->size * 8 - 1;

    while (bit && !(h->raw[bit / 8] >> (7 - bit % 8) & 1))
        bit--;
    return bit;
}

static int widen_sps(const uint8_t *nal, size_t size, GByteArray *out)
{
    uint8_t wide[HEAD + 2] = {0};
    size_t bit = 0, end, from;
    struct head h;

    unescape(nal, size, &h);
    if (h.consumed < size || !find_in_sps(&h))
        return -EBADMSG;
    end = last_bit(&h);
    from = h.bit;
    if (read_ue(&h) != X264_BITS - 4 || read_ue(&h) != 2)
        return -EBADMSG;
    read_ue(&h);
    h.raw[h.bit / 8] |= (uint8_t)(1 << (7 - h.bit % 8)); /* gaps_in_frame_num_value_allowed_flag */
    h.bit = 0;
    while (h.bit < from)
        put_bits(wide, &bit, 1, read_bit(&h));
    /* ue(v) of 8 in place of the one bit of ue(v) of 0. */
    put_bits(wide, &bit, 7, GS_X264_FRAME_NUM_BITS - 4 + 1);
    read_bit(&h);
    while (h.bit <= end)
        put_bits(wide, &bit, 1, read_bit(&h));
    append_escaped(out, wide, (bit + 7) / 8);
    return 0;
}

/* Behind the place of the insertion, until nothing that was before has a say in the escaping. */
static size_t until_nonzero(const struct head *h, size_t at)
{
    while (at < h->size && !h->raw[at])
        at++;
    return at + 1;
}

static size_t escaped_size(const uint8_t *nal, size_t raw_size)
{
    size_t at = 0, raw = 0;
    unsigned zeros = 0;

    for (; raw < raw_size; at++) {
        if (zeros >= 2 && nal[at] == 3) {
            zeros = 0;
            continue;
        }
        zeros = nal[at] ? 0 : zeros + 1;
        raw++;
    }
    return at;
}

/* frame_num is the fourth field (7.3.3); pictures are never fields, planes never separate. */
static int widen_slice(const uint8_t *nal, size_t size, uint64_t frame_num, GByteArray *out)
{
    uint8_t wide[HEAD + 1];
    size_t at, stop, done;
    unsigned before;
    uint8_t high = (uint8_t)(frame_num >> X264_BITS), mask;
    struct head h;

    unescape(nal, size, &h);
    read_ue(&h);
    read_ue(&h);
    read_ue(&h);
    at = h.bit / 8;
    before = h.bit % 8;
    if (read_bits(&h, X264_BITS) != (frame_num & ((1 << X264_BITS) - 1)))
        return -EBADMSG;
    stop = until_nonzero(&h, at + 1);
    if (stop > h.size)
        return -EBADMSG;
    /* The byte at `at` is cut in two, and the new bits go in between. */
    mask = (uint8_t)(0xff >> before);
    memcpy(wide, h.raw, at);
    wide[at] = (uint8_t)((h.raw[at] & ~mask) | high >> before);
    wide[at + 1] = (uint8_t)(high << (8 - before) | (h.raw[at] & mask));
    memcpy(wide + at + 2, h.raw + at + 1, stop - at - 1);
    append_escaped(out, wide, stop + 1);
    done = escaped_size(nal, stop);
    g_byte_array_append(out, nal + done, (guint)(size - done));
    return 0;
}

int gs_x264_widen_frame_num(const uint8_t *nal, size_t size, uint64_t frame_num, GByteArray *out)
{
    size_t start = 0;

    while (start < size && !nal[start])
        start++;
    if (++start >= size)
        return -EBADMSG;
    g_byte_array_append(out, nal, (guint)start);
    switch (nal[start] & 0x1f) {
    case GS_NAL_SPS:
        return widen_sps(nal + start, size - start, out);
    case GS_NAL_SLICE:
    case GS_NAL_IDR:
        return widen_slice(nal + start, size - start, frame_num, out);
    default:
        g_byte_array_append(out, nal + start, (guint)(size - start));
        return 0;
    }
}
