/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/h264.h"

#include <errno.h>
#include <string.h>

#define GS_H264_BT709 1 /* the same number for primaries, transfer and matrix: tables E-3 … E-5 */

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

/* Bits of a payload without emulation prevention; past its end nothing is written. */
struct writer {
    uint8_t data[GS_H264_SPS_MAX];
    size_t bits;
    bool full;
};

static void write_bits(struct writer *w, uint32_t value, unsigned n)
{
    w->full |= w->bits + n > sizeof(w->data) * 8;
    while (n && !w->full) {
        n--;
        w->data[w->bits / 8] |= (uint8_t)((value >> n & 1) << (7 - w->bits % 8));
        w->bits++;
    }
}

static void write_ue(struct writer *w, uint32_t value)
{
    unsigned length = 0;

    while ((uint64_t)value + 1 >= UINT64_C(2) << length)
        length++;
    write_bits(w, 0, length);
    write_bits(w, value + 1, length + 1);
}

/* Reads the bits of a NAL unit's payload, leaving out its emulation prevention bytes (7.3.1). */
struct bits {
    const uint8_t *data;
    size_t size, pos;
    unsigned left;  /* bits of cur not yet read */
    unsigned zeros; /* zero bytes just before pos */
    uint8_t cur;
    bool bad;            /* read past the end, or a value out of its range */
    struct writer *copy; /* gets every bit that is read; may be NULL */
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
        if (b->copy)
            write_bits(b->copy, v & 1, 1);
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

static void write_signal_type(struct writer *w)
{
    write_bits(w, 1, 1);
    write_bits(w, 5, 3); /* of no special kind */
    write_bits(w, 0, 1); /* limited range */
    write_bits(w, 1, 1);
    for (int i = 0; i < 3; i++)
        write_bits(w, GS_H264_BT709, 8);
}

/* Left: type 0 for both fields. */
static void write_chroma_loc(struct writer *w)
{
    write_bits(w, 1, 1);
    write_ue(w, 0);
    write_ue(w, 0);
}

/* Vectors may point outside, no limits that Annex A does not set, no reordering. */
static void write_restriction(struct writer *w, uint32_t max_num_ref_frames)
{
    write_bits(w, 1, 1);
    write_bits(w, 1, 1);
    write_ue(w, 0);
    write_ue(w, 0);
    write_ue(w, 16);
    write_ue(w, 16);
    write_ue(w, 0);
    write_ue(w, GS_MAX(max_num_ref_frames, 1));
}

static void read_signal_and_chroma(struct bits *b, struct gs_h264_sps *sps)
{
    struct writer *copy = b->copy;

    b->copy = NULL;
    if (read_flag(b))
        read_signal_type(b, sps);
    sps->has_chroma_loc = read_flag(b);
    if (sps->has_chroma_loc) {
        sps->chroma_loc_top = (uint8_t)read_ue(b, 5);
        read_ue(b, 5);
    }
    b->copy = copy;
    if (copy) {
        write_signal_type(copy);
        write_chroma_loc(copy);
    }
}

/* E.1.1 */
static void read_vui(struct bits *b, struct gs_h264_sps *sps)
{
    bool hrd;

    if (read_flag(b) && read_bits(b, 8) == 255)
        read_bits(b, 32);
    if (read_flag(b))
        read_flag(b);
    read_signal_and_chroma(b, sps);
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
    b->copy = NULL;
    if (read_flag(b))
        read_restriction(b, sps);
}

/* What a VUI says that was not there: only what must be said. */
static void write_vui(struct writer *w)
{
    write_bits(w, 0, 2); /* aspect ratio, overscan */
    write_signal_type(w);
    write_chroma_loc(w);
    write_bits(w, 0, 4); /* timing, NAL HRD, VCL HRD, pic_struct */
}

static int read_sps(struct bits *b, size_t size, struct gs_h264_sps *sps)
{
    struct writer *copy = b->copy;
    uint32_t chroma = 1;
    bool vui;

    if (size < 4 || (b->data[0] & 0x9f) != GS_NAL_SPS)
        return -EBADMSG;
    sps->profile = (uint8_t)read_bits(b, 8);
    read_bits(b, 8);
    sps->level = (uint8_t)read_bits(b, 8);
    read_ue(b, 31);
    if (has_chroma_format(sps->profile))
        chroma = read_chroma_format(b);
    sps->log2_max_frame_num = read_ue(b, 12) + 4;
    skip_pic_order_cnt(b);
    sps->max_num_ref_frames = read_ue(b, 16);
    sps->gaps_allowed = read_flag(b);
    read_size(b, chroma, sps);
    b->copy = NULL;
    vui = read_flag(b);
    b->copy = copy;
    if (copy)
        write_bits(copy, 1, 1);
    if (vui)
        read_vui(b, sps);
    else if (copy)
        write_vui(copy);
    return b->bad ? -EBADMSG : 0;
}

int gs_h264_parse_sps(const uint8_t *nal, size_t size, struct gs_h264_sps *ret)
{
    struct bits b = {.data = nal, .size = size, .pos = 1};
    struct gs_h264_sps sps = {0};
    int err = read_sps(&b, size, &sps);

    if (!err)
        *ret = sps;
    return err;
}

bool gs_h264_sps_tells_all(const struct gs_h264_sps *sps)
{
    return sps->has_bitstream_restriction && !sps->max_num_reorder_frames && sps->has_colour &&
           sps->primaries == GS_H264_BT709 && sps->transfer == GS_H264_BT709 &&
           sps->matrix == GS_H264_BT709 && !sps->full_range && sps->chroma_loc_top == 0;
}

/* 7.3.1: no 00 00 followed by 00 … 03. */
static int escape(const struct writer *w, uint8_t header, uint8_t *out, size_t capacity)
{
    size_t n = 0;
    unsigned zeros = 0;

    if (capacity < 1)
        return -ENOSPC;
    out[n++] = header;
    for (size_t i = 0; i < w->bits / 8; i++) {
        if (zeros >= 2 && w->data[i] <= 3) {
            if (n == capacity)
                return -ENOSPC;
            out[n++] = 3;
            zeros = 0;
        }
        if (n == capacity)
            return -ENOSPC;
        out[n++] = w->data[i];
        zeros = w->data[i] ? 0 : zeros + 1;
    }
    return (int)n;
}

int gs_h264_complete_sps(const uint8_t *nal, size_t size, uint8_t *out, size_t capacity)
{
    struct writer w = {0};
    struct bits b = {.data = nal, .size = size, .pos = 1, .copy = &w};
    struct gs_h264_sps sps = {0};
    int err = read_sps(&b, size, &sps);

    if (err)
        return err;
    write_restriction(&w, sps.max_num_ref_frames);
    write_bits(&w, 1, 1); /* rbsp_stop_one_bit */
    write_bits(&w, 0, (unsigned)(7 - (w.bits + 7) % 8));
    return w.full ? -ENOSPC : escape(&w, nal[0], out, capacity);
}
