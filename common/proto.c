/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/proto.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>

#include "common/bytes.h"

#define FIXED_MAX (INT32_C(32768) << 8) /* pixels, 24.8 */
#define STEPS_MAX (1000 * 120)

void gs_input_write(const struct gs_input *in, uint8_t out[GS_INPUT_SIZE])
{
    struct gs_writer w;

    gs_writer_init(&w, out, GS_INPUT_SIZE);
    gs_write_u32(&w, in->id);
    gs_write_u8(&w, in->kind);
    gs_write_u8(&w, in->state);
    gs_write_u16(&w, in->code);
    gs_write_u32(&w, (uint32_t)in->x);
    gs_write_u32(&w, (uint32_t)in->y);
    gs_write_u32(&w, in->time);
}

bool gs_video_valid(const struct gs_video *video)
{
    return video->width >= GS_SIDE_MIN && video->width <= GS_SIDE_MAX &&
           video->height >= GS_SIDE_MIN && video->height <= GS_SIDE_MAX;
}

void gs_video_write(const struct gs_video *video, uint8_t out[GS_VIDEO_SIZE])
{
    struct gs_writer w;

    gs_writer_init(&w, out, GS_VIDEO_SIZE);
    gs_write_u32(&w, video->width);
    gs_write_u32(&w, video->height);
}

int gs_video_read(const void *data, size_t size, struct gs_video *ret)
{
    struct gs_reader r;
    struct gs_video v;

    gs_reader_init(&r, data, size);
    v.width = gs_read_u32(&r);
    v.height = gs_read_u32(&r);
    if (r.overrun || size != GS_VIDEO_SIZE || !gs_video_valid(&v))
        return -EBADMSG;
    *ret = v;
    return 0;
}

static bool within(int32_t v, int32_t limit)
{
    return v >= -limit && v <= limit;
}

static bool input_valid(const struct gs_input *in)
{
    switch (in->kind) {
    case GS_INPUT_KEY:
        return in->code > KEY_RESERVED && in->code < KEY_CNT && in->state <= 1 &&
               !(in->code >= BTN_MISC && in->code < KEY_OK);
    case GS_INPUT_BUTTON:
        return in->code >= BTN_MISC && in->code < KEY_OK && in->state <= 1;
    case GS_INPUT_MOTION_ABS:
    case GS_INPUT_MOTION_REL:
        return within(in->x, FIXED_MAX) && within(in->y, FIXED_MAX);
    case GS_INPUT_AXIS:
        return in->code <= 1 && within(in->x, FIXED_MAX) && within(in->y, STEPS_MAX);
    case GS_INPUT_LOCKS:
        return in->x >= 0 && in->x <= 7;
    case GS_INPUT_RESET:
        return true;
    default:
        return false;
    }
}

int gs_input_read(const uint8_t in[GS_INPUT_SIZE], struct gs_input *ret)
{
    struct gs_reader r;
    struct gs_input v;

    gs_reader_init(&r, in, GS_INPUT_SIZE);
    v.id = gs_read_u32(&r);
    v.kind = gs_read_u8(&r);
    v.state = gs_read_u8(&r);
    v.code = gs_read_u16(&r);
    v.x = (int32_t)gs_read_u32(&r);
    v.y = (int32_t)gs_read_u32(&r);
    v.time = gs_read_u32(&r);
    if (v.id == 0 || !input_valid(&v))
        return -EBADMSG;
    *ret = v;
    return 0;
}

static size_t pixel_bytes(const struct gs_cursor_msg *msg)
{
    return msg->visible ? (size_t)msg->width * msg->height * 4 : 0;
}

size_t gs_cursor_size(const struct gs_cursor_msg *msg)
{
    return GS_CURSOR_HEADER_SIZE + pixel_bytes(msg);
}

void gs_cursor_write(const struct gs_cursor_msg *msg, uint8_t *out)
{
    struct gs_writer w;

    gs_writer_init(&w, out, gs_cursor_size(msg));
    gs_write_u8(&w, msg->visible);
    gs_write_u16(&w, msg->visible ? msg->width : 0);
    gs_write_u16(&w, msg->visible ? msg->height : 0);
    gs_write_u16(&w, msg->visible ? msg->hot_x : 0);
    gs_write_u16(&w, msg->visible ? msg->hot_y : 0);
    gs_write_bytes(&w, msg->pixels, pixel_bytes(msg));
}

static bool cursor_valid(const struct gs_cursor_msg *msg)
{
    if (!msg->visible)
        return msg->width == 0 && msg->height == 0;
    return msg->width > 0 && msg->width <= GS_CURSOR_MAX && msg->height > 0 &&
           msg->height <= GS_CURSOR_MAX && msg->hot_x <= msg->width && msg->hot_y <= msg->height;
}

int gs_cursor_read(const void *data, size_t size, struct gs_cursor_msg *ret)
{
    struct gs_cursor_msg msg;
    struct gs_reader r;
    uint8_t visible;

    gs_reader_init(&r, data, size);
    visible = gs_read_u8(&r);
    msg.visible = visible;
    msg.width = gs_read_u16(&r);
    msg.height = gs_read_u16(&r);
    msg.hot_x = gs_read_u16(&r);
    msg.hot_y = gs_read_u16(&r);
    if (r.overrun || visible > 1 || !cursor_valid(&msg) || gs_reader_left(&r) != pixel_bytes(&msg))
        return -EBADMSG;
    msg.pixels = msg.visible ? gs_read_bytes(&r, pixel_bytes(&msg)) : NULL;
    *ret = msg;
    return 0;
}

static bool alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool gs_session_name_valid(const char *name)
{
    size_t len = strnlen(name, GS_PROTO_NAME_MAX);

    if (len == 0 || len == GS_PROTO_NAME_MAX || !alnum(name[0]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!alnum(name[i]) && !strchr("-_.", name[i]))
            return false;
    }
    return true;
}

static void report_fields(struct gs_client_report *r, uint32_t *ret[GS_REPORT_SIZE / 4])
{
    uint32_t *const fields[] = {&r->frames,       &r->lost,           &r->repaired,
                                &r->freezes,      &r->latency_p50_us, &r->latency_p99_us,
                                &r->input_p50_us, &r->rtt_us};

    memcpy(ret, fields, sizeof(fields));
}

void gs_client_report_write(const struct gs_client_report *report, uint8_t out[GS_REPORT_SIZE])
{
    struct gs_client_report copy = *report;
    uint32_t *fields[GS_REPORT_SIZE / 4];
    struct gs_writer w;

    report_fields(&copy, fields);
    gs_writer_init(&w, out, GS_REPORT_SIZE);
    for (size_t i = 0; i < GS_ARRAY_SIZE(fields); i++)
        gs_write_u32(&w, *fields[i]);
}

int gs_client_report_read(const void *data, size_t size, struct gs_client_report *ret)
{
    struct gs_client_report report;
    uint32_t *fields[GS_REPORT_SIZE / 4];
    struct gs_reader r;

    report_fields(&report, fields);
    gs_reader_init(&r, data, size);
    for (size_t i = 0; i < GS_ARRAY_SIZE(fields); i++)
        *fields[i] = gs_read_u32(&r);
    if (r.overrun)
        return -EBADMSG;
    *ret = report;
    return 0;
}
