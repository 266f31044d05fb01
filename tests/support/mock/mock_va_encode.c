/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/support/mock/mock_bits.h"
#include "tests/support/mock/mock_va.h"

#define MB_BYTES 384

/* What was rendered for one picture. */
struct picture {
    const VAEncSequenceParameterBufferH264 *seq;
    const VAEncPictureParameterBufferH264 *pic;
    const VAEncSliceParameterBufferH264 *slice;
    GByteArray *out;
    const struct mock_object *source, *reference;
    struct mock_object *recon;
    GByteArray *slice_header; /* as libavcodec packed it, NULL: it did not */
    unsigned slice_header_bits;
    uint32_t budget; /* macroblocks that may be coded */
    int8_t region;
};

static bool same_rows(const uint8_t *a, const uint8_t *b, uint32_t stride, unsigned rows)
{
    for (unsigned i = 0; i < rows; i++)
        if (memcmp(a + i * stride, b + i * stride, 16) != 0)
            return false;
    return true;
}

static void copy_rows(uint8_t *to, const uint8_t *from, uint32_t stride, unsigned rows)
{
    for (unsigned i = 0; i < rows; i++)
        memcpy(to + i * stride, from + i * stride, 16);
}

static void copy_mb(struct mock_object *to, const struct mock_object *from, size_t y, size_t c)
{
    copy_rows(to->data + y, from->data + y, from->stride, 16);
    copy_rows(to->data + c, from->data + c, from->stride, 8);
}

static bool same_mb(const struct mock_object *a, const struct mock_object *b, size_t y, size_t c)
{
    return same_rows(a->data + y, b->data + y, a->stride, 16) &&
           same_rows(a->data + c, b->data + c, a->stride, 8);
}

/* mb_type is written; 7.3.5. */
static void put_pcm(struct mock_bits *b, const struct mock_object *s, size_t y, size_t c)
{
    mock_align(b);
    for (unsigned row = 0; row < 16; row++)
        g_byte_array_append(b->bytes, s->data + y + row * s->stride, 16);
    for (unsigned plane = 0; plane < 2; plane++)
        for (unsigned i = 0; i < 64; i++)
            g_byte_array_append(b->bytes, s->data + c + i / 8 * s->stride + i % 8 * 2 + plane, 1);
}

/* 7.3.4 with CAVLC: a macroblock is skipped, or comes as it is. */
static void put_slice_data(struct picture *p, struct mock_bits *b, uint32_t columns)
{
    bool idr = p->pic->pic_fields.bits.idr_pic_flag;
    uint32_t first = p->slice->macroblock_address, skipped = 0;

    for (uint32_t mb = first; mb < first + p->slice->num_macroblocks; mb++) {
        size_t y = (size_t)(mb / columns) * 16 * p->source->stride + mb % columns * 16;
        size_t c =
            p->source->chroma + (size_t)(mb / columns) * 8 * p->source->stride + mb % columns * 16;

        if (!idr && (!p->budget || same_mb(p->source, p->reference, y, c))) {
            copy_mb(p->recon, p->reference, y, c);
            skipped++;
            continue;
        }
        if (!idr) {
            mock_put_ue(b, skipped);
            p->budget--;
        }
        skipped = 0;
        mock_put_ue(b, idr ? 25 : 30);
        put_pcm(b, p->source, y, c);
        copy_mb(p->recon, p->source, y, c);
    }
    if (skipped)
        mock_put_ue(b, skipped);
    mock_end(b);
}

/* The packed header without its start code and emulation prevention, to be written on. */
static void take_packed_header(struct picture *p, struct mock_bits *b)
{
    const uint8_t *data = p->slice_header->data;
    unsigned zeros = 0, bits = p->slice_header_bits, at = 0;

    while (data[at] == 0)
        at++;
    for (at++; at < p->slice_header->len; at++) {
        if (zeros >= 2 && data[at] == 3) {
            zeros = 0;
            continue;
        }
        g_byte_array_append(b->bytes, &data[at], 1);
        zeros = data[at] ? 0 : zeros + 1;
    }
    b->used = bits % 8;
}

/* 7.3.3, of a driver that is told fields only. */
static void put_slice_header(struct picture *p, struct mock_bits *b)
{
    bool idr = p->pic->pic_fields.bits.idr_pic_flag;

    mock_put(b, idr ? 0x65 : 0x61, 8);
    mock_put_ue(b, p->slice->macroblock_address);
    mock_put_ue(b, idr ? 7 : 5);
    mock_put_ue(b, 0);
    mock_put(b, p->pic->frame_num & 0xff, 8);
    if (idr)
        mock_put_ue(b, p->slice->idr_pic_id & 1);
    mock_put(b, (uint32_t)p->pic->CurrPic.TopFieldOrderCnt & 0xff, 8);
    if (!idr)
        mock_put(b, 0, 2); /* default number and order of references */
    mock_put(b, 0, idr ? 2 : 1);
    mock_put_se(b, p->slice->slice_qp_delta);
}

static void put_sps(struct picture *p, struct mock_bits *b)
{
    const VAEncSequenceParameterBufferH264 *s = p->seq;

    mock_put(b, 0x67, 8);
    mock_put(b, 66, 8);
    mock_put(b, 0x40, 8);
    mock_put(b, s->level_idc, 8);
    mock_put_ue(b, 0);
    mock_put_ue(b, 4); /* frame_num and order count have 8 bits */
    mock_put_ue(b, 0);
    mock_put_ue(b, 4);
    mock_put_ue(b, s->max_num_ref_frames);
    mock_put(b, 0, 1);
    mock_put_ue(b, s->picture_width_in_mbs - 1u);
    mock_put_ue(b, s->picture_height_in_mbs - 1u);
    mock_put(b, 3, 2);
    mock_put(b, s->frame_cropping_flag, 1);
    if (s->frame_cropping_flag) {
        mock_put_ue(b, s->frame_crop_left_offset);
        mock_put_ue(b, s->frame_crop_right_offset);
        mock_put_ue(b, s->frame_crop_top_offset);
        mock_put_ue(b, s->frame_crop_bottom_offset);
    }
    mock_put(b, 1, 1); /* a VUI with the timing only */
    mock_put(b, 0, 4);
    mock_put(b, 1, 1);
    mock_put(b, s->num_units_in_tick >> 16, 16);
    mock_put(b, s->num_units_in_tick & 0xffff, 16);
    mock_put(b, s->time_scale >> 16, 16);
    mock_put(b, s->time_scale & 0xffff, 16);
    mock_put(b, 0, 5);
    mock_end(b);
}

static void put_pps(struct picture *p, struct mock_bits *b)
{
    mock_put(b, 0x68, 8);
    mock_put_ue(b, 0);
    mock_put_ue(b, 0);
    mock_put(b, 0, 2);
    mock_put_ue(b, 0);
    mock_put_ue(b, 0);
    mock_put_ue(b, 0);
    mock_put(b, 0, 3);
    mock_put_se(b, p->pic->pic_init_qp - 26);
    mock_put_se(b, 0);
    mock_put_se(b, 0);
    mock_put(b, 0, 3);
    mock_end(b);
}

static void append_unit(struct picture *p, void (*put)(struct picture *p, struct mock_bits *b))
{
    struct mock_bits b = {.bytes = g_byte_array_new()};

    put(p, &b);
    mock_append_nal(p->out, b.bytes->data, b.bytes->len);
    g_byte_array_unref(b.bytes);
}

static void put_slice(struct picture *p, struct mock_bits *b)
{
    if (p->slice_header)
        take_packed_header(p, b);
    else
        put_slice_header(p, b);
    put_slice_data(p, b, (p->source->width + 15) / 16);
}

/* Tells a test what regions came: an SEI of user data (D.1.7) with the first one's change of QP. */
static void put_region(struct picture *p, struct mock_bits *b)
{
    mock_put(b, 0x06, 8);
    mock_put(b, 5, 8);
    mock_put(b, 17, 8);
    for (int i = 0; i < 4; i++)
        mock_put(b, MOCK_VA_REGION, 32);
    mock_put(b, (uint8_t)p->region, 8);
    mock_end(b);
}

static void append_unit(struct picture *p, void (*put)(struct picture *p, struct mock_bits *b));

static void read_misc(struct picture *p, struct mock_object *context,
                      const struct mock_object *buffer)
{
    const VAEncMiscParameterBuffer *misc = (const void *)buffer->bytes->data;
    size_t size = buffer->bytes->len - sizeof(*misc);
    VAEncMiscParameterRateControl control = {0};
    VAEncMiscParameterFrameRate rate = {0};
    VAEncMiscParameterBufferROI regions = {0};

    /* Copied, since libva lays them out without regard to alignment. */
    if (misc->type == VAEncMiscParameterTypeRateControl) {
        memcpy(&control, misc->data, MIN(size, sizeof(control)));
        context->bits_per_second = control.bits_per_second;
    } else if (misc->type == VAEncMiscParameterTypeFrameRate) {
        memcpy(&rate, misc->data, MIN(size, sizeof(rate)));
        context->fps = rate.framerate & 0xffff;
    } else if (misc->type == VAEncMiscParameterTypeROI) {
        memcpy(&regions, misc->data, MIN(size, sizeof(regions)));
        if (!regions.num_roi)
            return;
        p->region = regions.roi[0].roi_value;
        append_unit(p, put_region);
    }
}

/* A limit divides into whole macroblocks a picture; the mock keeps nothing for the next one. */
static uint32_t budget(const struct mock_object *context)
{
    if (context->config->rate_mode == VA_RC_CQP || !context->bits_per_second)
        return UINT32_MAX;
    return context->bits_per_second / 8 / MAX(context->fps, 1) / MB_BYTES;
}

static VAStatus begin_picture(struct mock_va *va, struct mock_object *context, struct picture *p)
{
    struct mock_object *coded = mock_va_find(va, p->pic->coded_buf, MOCK_BUFFER);

    p->source = mock_va_find(va, context->target, MOCK_SURFACE);
    p->recon = mock_va_find(va, p->pic->CurrPic.picture_id, MOCK_SURFACE);
    p->reference = mock_va_find(va, p->pic->ReferenceFrames[0].picture_id, MOCK_SURFACE);
    if (!coded || !p->source || !p->recon ||
        (!p->pic->pic_fields.bits.idr_pic_flag && !p->reference))
        return VA_STATUS_ERROR_INVALID_SURFACE;
    /* The picture may be smaller than the surfaces of the reconstruction, which are aligned. */
    if (p->recon->stride != p->source->stride || p->recon->chroma != p->source->chroma)
        return VA_STATUS_ERROR_INVALID_SURFACE;
    p->out = coded->bytes;
    g_byte_array_set_size(p->out, 0);
    return VA_STATUS_SUCCESS;
}

static void take_packed(struct picture *p, const VAEncPackedHeaderParameterBuffer *header,
                        struct mock_object *data)
{
    if (header->type == VAEncPackedHeaderSlice) {
        p->slice_header = data->bytes;
        p->slice_header_bits = header->bit_length;
    } else {
        g_byte_array_append(p->out, data->bytes->data, data->bytes->len);
    }
}

static void take_buffer(struct picture *p, struct mock_object *context, unsigned i)
{
    struct mock_object *buffer = context->rendered->pdata[i];

    switch (buffer->type) {
    case VAEncMiscParameterBufferType:
        read_misc(p, context, buffer);
        break;
    case VAEncPackedHeaderDataBufferType:
        take_packed(
            p, (const void *)((struct mock_object *)context->rendered->pdata[i - 1])->bytes->data,
            buffer);
        break;
    case VAEncSliceParameterBufferType:
        p->slice = (const void *)buffer->bytes->data;
        if (!p->slice_header && p->pic->pic_fields.bits.idr_pic_flag &&
            !p->slice->macroblock_address) {
            append_unit(p, put_sps);
            append_unit(p, put_pps);
        }
        p->budget = budget(context);
        append_unit(p, put_slice);
        break;
    default:
        break;
    }
}

VAStatus mock_va_encode(struct mock_va *va, struct mock_object *context)
{
    struct picture p = {0};
    VAStatus status;

    if (context->config->rate_mode != VA_RC_CQP && mock_va_has("ratefails"))
        return VA_STATUS_ERROR_ENCODING_ERROR;
    if (mock_va_has("failing") || (context->config->low_power && mock_va_has("lpfails")))
        return VA_STATUS_ERROR_ENCODING_ERROR;
    for (unsigned i = 0; i < context->rendered->len; i++) {
        struct mock_object *buffer = context->rendered->pdata[i];

        if (buffer->type == VAEncPictureParameterBufferType)
            p.pic = (const void *)buffer->bytes->data;
        else if (buffer->type == VAEncSequenceParameterBufferType)
            p.seq = (const void *)buffer->bytes->data;
    }
    if (!p.pic)
        return VA_STATUS_ERROR_INVALID_PARAMETER;
    status = begin_picture(va, context, &p);
    for (unsigned i = 0; i < context->rendered->len && status == VA_STATUS_SUCCESS; i++)
        take_buffer(&p, context, i);
    return status;
}
