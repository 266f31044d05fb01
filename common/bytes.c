/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/bytes.h"

#include <string.h>

void gs_reader_init(struct gs_reader *r, const void *data, size_t size)
{
    *r = (struct gs_reader){.data = data, .size = size};
}

const uint8_t *gs_read_bytes(struct gs_reader *r, size_t n)
{
    const uint8_t *p;

    if (r->overrun || n > r->size - r->pos) {
        r->overrun = true;
        return NULL;
    }
    p = r->data + r->pos;
    r->pos += n;
    return p;
}

static uint64_t read_be(struct gs_reader *r, size_t n)
{
    const uint8_t *p = gs_read_bytes(r, n);
    uint64_t v = 0;

    for (size_t i = 0; p && i < n; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t gs_read_u8(struct gs_reader *r)
{
    return (uint8_t)read_be(r, 1);
}

uint16_t gs_read_u16(struct gs_reader *r)
{
    return (uint16_t)read_be(r, 2);
}

uint32_t gs_read_u32(struct gs_reader *r)
{
    return (uint32_t)read_be(r, 4);
}

uint64_t gs_read_u64(struct gs_reader *r)
{
    return read_be(r, 8);
}

size_t gs_reader_left(const struct gs_reader *r)
{
    return r->overrun ? 0 : r->size - r->pos;
}

void gs_writer_init(struct gs_writer *w, void *data, size_t size)
{
    *w = (struct gs_writer){.data = data, .size = size};
}

void gs_write_bytes(struct gs_writer *w, const void *data, size_t n)
{
    if (w->overrun || n > w->size - w->pos) {
        w->overrun = true;
        return;
    }
    if (n)
        memcpy(w->data + w->pos, data, n);
    w->pos += n;
}

static void write_be(struct gs_writer *w, uint64_t v, size_t n)
{
    uint8_t buf[8];

    for (size_t i = 0; i < n; i++)
        buf[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    gs_write_bytes(w, buf, n);
}

void gs_write_u8(struct gs_writer *w, uint8_t v)
{
    write_be(w, v, 1);
}

void gs_write_u16(struct gs_writer *w, uint16_t v)
{
    write_be(w, v, 2);
}

void gs_write_u32(struct gs_writer *w, uint32_t v)
{
    write_be(w, v, 4);
}

void gs_write_u64(struct gs_writer *w, uint64_t v)
{
    write_be(w, v, 8);
}
