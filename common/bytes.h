/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded big-endian reader and writer over the caller's memory. Any thread. Neither ever touches
 * a byte outside; running over sets a flag that is asked once, at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gs_reader {
    const uint8_t *data;
    size_t size, pos;
    bool overrun; /* something was read past the end; every value since is 0 */
};

struct gs_writer {
    uint8_t *data;
    size_t size, pos;
    bool overrun; /* something did not fit and was left out */
};

void gs_reader_init(struct gs_reader *r, const void *data, size_t size);
uint8_t gs_read_u8(struct gs_reader *r);
uint16_t gs_read_u16(struct gs_reader *r);
uint32_t gs_read_u32(struct gs_reader *r);
uint64_t gs_read_u64(struct gs_reader *r);
/* Borrowed pointer to the next n bytes, NULL when there are fewer. */
const uint8_t *gs_read_bytes(struct gs_reader *r, size_t n);
size_t gs_reader_left(const struct gs_reader *r);

void gs_writer_init(struct gs_writer *w, void *data, size_t size);
void gs_write_u8(struct gs_writer *w, uint8_t v);
void gs_write_u16(struct gs_writer *w, uint16_t v);
void gs_write_u32(struct gs_writer *w, uint32_t v);
void gs_write_u64(struct gs_writer *w, uint64_t v);
void gs_write_bytes(struct gs_writer *w, const void *data, size_t n);
