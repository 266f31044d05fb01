/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/h264.h"

#include <errno.h>
#include <string.h>

/* Offset of the next 00 00 01 (or, with or_zeros, 00 00 00) at or after pos, else size. */
static size_t find_code(const uint8_t *data, size_t size, size_t pos, bool or_zeros)
{
    while (size - pos >= 3) {
        const uint8_t *p = data + pos;

        if (p[2] > 1)
            pos += 3;
        else if (!p[0] && !p[1] && (p[2] == 1 || or_zeros))
            return pos;
        else
            pos++;
    }
    return size;
}

bool gs_h264_next_nal(const uint8_t *data, size_t size, size_t *pos, struct gs_nal *ret)
{
    while (*pos < size) {
        size_t start = find_code(data, size, *pos, false) + 3, end;

        if (start >= size)
            break;
        end = find_code(data, size, start, true);
        *pos = end;
        while (end > start && !data[end - 1])
            end--;
        if (end == start)
            continue;
        *ret = (struct gs_nal){data + start, end - start, data[start] & 0x1f};
        return true;
    }
    *pos = size;
    return false;
}

/* Reads the bits of a NAL unit's payload, leaving out its emulation prevention bytes (7.3.1). */
struct bits {
    const uint8_t *data;
    size_t size, pos;
    unsigned left;  /* bits of cur not yet read */
    unsigned zeros; /* zero bytes just before pos */
    uint8_t cur;
    bool bad; /* read past the end, or a value out of its range */
};

static void next_byte(struct bits *b)
{
    if (b->zeros >= 2 && b->pos < b->size && b->data[b->pos] == 3) {
        b->pos++;
        b->zeros = 0;
    }
    b->bad |= b->pos >= b->size;
    b->cur = b->bad ? 0 : b->data[b->pos++];
    b->zeros = b->cur ? 0 : b->zeros + 1;
    b->left = 8;
}

static uint32_t read_bits(struct bits *b, unsigned n)
{
    uint32_t v = 0;

    for (; n && !b->bad; n--) {
        if (!b->left)
            next_byte(b);
        v = v << 1 | (b->cur >> --b->left & 1);
    }
    return b->bad ? 0 : v;
}

static bool read_flag(struct bits *b)
{
    return read_bits(b, 1);
}

/* ue(v), 9.1; above max it is bad, and 0. */
static uint32_t read_ue(struct bits *b, uint32_t max)
{
    unsigned zeros = 0;
    uint64_t v;

    while (!b->bad && !read_flag(b))
        b->bad |= ++zeros > 32;
    if (b->bad)
        return 0;
    v = (UINT64_C(1) << zeros) - 1 + read_bits(b, zeros);
    b->bad |= v > max;
    return b->bad ? 0 : (uint32_t)v;
}

/* se(v), 9.1.1: only ever skipped or added up modulo 256. */
static int64_t read_se(struct bits *b)
{
    int64_t k = read_ue(b, UINT32_MAX);

    return k & 1 ? (k + 1) / 2 : -(k / 2);
}

/* 7.3.2.1.1.1 */
static void skip_scaling_list(struct bits *b, int size)
{
    int64_t last = 8, next = 8;

    for (int i = 0; i < size && !b->bad; i++) {
        if (next)
            next = (last + read_se(b)) & 0xff;
        if (next)
            last = next;
    }
}

static bool has_chroma_format(uint8_t profile)
{
    static const uint8_t profiles[] = {100, 110, 122, 244, 44,  83, 86,
                                       118, 128, 138, 139, 134, 135};

    return memchr(profiles, profile, sizeof(profiles));
}

/* chroma_format_idc … scaling lists; returns ChromaArrayType. */
static uint32_t read_chroma_format(struct bits *b)
{
    uint32_t format = read_ue(b, 3);
    bool separate = format == 3 && read_flag(b);

    read_ue(b, 6);
    read_ue(b, 6);
    read_flag(b);
    if (read_flag(b)) {
        for (int i = 0; i < (format == 3 ? 12 : 8); i++) {
            if (read_flag(b))
                skip_scaling_list(b, i < 6 ? 16 : 64);
        }
    }
    return separate ? 0 : format;
}

static void skip_pic_order_cnt(struct bits *b)
{
    uint32_t type = read_ue(b, 2);

    if (type == 0)
        read_ue(b, 12);
    if (type != 1)
        return;
    read_flag(b);
    read_se(b);
    read_se(b);
    for (uint32_t n = read_ue(b, 255); n && !b->bad; n--)
        read_se(b);
}

static void read_size(struct bits *b, uint32_t chroma, struct gs_h264_sps *sps)
{
    uint32_t width = (read_ue(b, 1023) + 1) * 16, height = (read_ue(b, 1023) + 1) * 16;
    bool frames_only = read_flag(b);
    uint32_t crop_x, crop_y, unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    uint32_t unit_y = (chroma == 1 ? 2 : 1) * (frames_only ? 1 : 2);

    if (!frames_only) {
        height *= 2;
        read_flag(b);
    }
    read_flag(b);
    if (read_flag(b)) {
        crop_x = read_ue(b, UINT16_MAX) * unit_x + read_ue(b, UINT16_MAX) * unit_x;
        crop_y = read_ue(b, UINT16_MAX) * unit_y + read_ue(b, UINT16_MAX) * unit_y;
        if (crop_x >= width || crop_y >= height) {
            b->bad = true;
            return;
        }
        width -= crop_x;
        height -= crop_y;
    }
    sps->width = width;
    sps->height = height;
}

/* E.1.2 */
static void skip_hrd(struct bits *b)
{
    uint32_t count = read_ue(b, 31) + 1;

    read_bits(b, 8);
    for (; count && !b->bad; count--) {
        read_ue(b, UINT32_MAX);
        read_ue(b, UINT32_MAX);
        read_flag(b);
    }
    read_bits(b, 20);
}

static void read_signal_type(struct bits *b, struct gs_h264_sps *sps)
{
    read_bits(b, 3);
    sps->full_range = read_flag(b);
    sps->has_colour = read_flag(b);
    if (sps->has_colour) {
        sps->primaries = (uint8_t)read_bits(b, 8);
        sps->transfer = (uint8_t)read_bits(b, 8);
        sps->matrix = (uint8_t)read_bits(b, 8);
    }
}

static void read_restriction(struct bits *b, struct gs_h264_sps *sps)
{
    sps->has_bitstream_restriction = true;
    read_flag(b);
    for (int i = 0; i < 4; i++)
        read_ue(b, UINT32_MAX);
    sps->max_num_reorder_frames = read_ue(b, 16);
    sps->max_dec_frame_buffering = read_ue(b, 16);
}

/* E.1.1 */
static void read_vui(struct bits *b, struct gs_h264_sps *sps)
{
    bool hrd;

    if (read_flag(b) && read_bits(b, 8) == 255)
        read_bits(b, 32);
    if (read_flag(b))
        read_flag(b);
    if (read_flag(b))
        read_signal_type(b, sps);
    sps->has_chroma_loc = read_flag(b);
    if (sps->has_chroma_loc) {
        sps->chroma_loc_top = (uint8_t)read_ue(b, 5);
        read_ue(b, 5);
    }
    if (read_flag(b)) {
        read_bits(b, 32);
        read_bits(b, 32);
        read_flag(b);
    }
    hrd = read_flag(b);
    if (hrd)
        skip_hrd(b);
    if (read_flag(b)) {
        hrd = true;
        skip_hrd(b);
    }
    if (hrd)
        read_flag(b);
    read_flag(b);
    if (read_flag(b))
        read_restriction(b, sps);
}

int gs_h264_parse_sps(const uint8_t *nal, size_t size, struct gs_h264_sps *ret)
{
    struct bits b = {.data = nal, .size = size, .pos = 1};
    struct gs_h264_sps sps = {0};
    uint32_t chroma = 1;

    if (size < 4 || (nal[0] & 0x9f) != GS_NAL_SPS)
        return -EBADMSG;
    sps.profile = (uint8_t)read_bits(&b, 8);
    read_bits(&b, 8);
    sps.level = (uint8_t)read_bits(&b, 8);
    read_ue(&b, 31);
    if (has_chroma_format(sps.profile))
        chroma = read_chroma_format(&b);
    sps.log2_max_frame_num = read_ue(&b, 12) + 4;
    skip_pic_order_cnt(&b);
    read_ue(&b, 16);
    sps.gaps_allowed = read_flag(&b);
    read_size(&b, chroma, &sps);
    if (read_flag(&b))
        read_vui(&b, &sps);
    if (b.bad)
        return -EBADMSG;
    *ret = sps;
    return 0;
}
