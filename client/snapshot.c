/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <png.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "client/yuv_rgb.h"
#include "common/log.h"

int gs_picture_to_bgra(struct gs_picture *pic, uint8_t *out, uint32_t stride)
{
    int err = gs_picture_map(pic);

    if (!err)
        gs_yuv_to_bgra(pic, 0, pic->height, out, stride);
    return err;
}

/* Source over destination, premultiplied. A colour above its alpha, which no honest cursor has,
 * saturates. */
static void blend_pixel(uint8_t *dst, const uint8_t *src)
{
    unsigned rest = 255u - src[3];

    for (int i = 0; i < 3; i++)
        dst[i] = (uint8_t)GS_MIN(src[i] + (dst[i] * rest + 127) / 255, 255u);
}

void gs_bgra_draw_cursor(uint8_t *bgra, uint32_t stride, uint32_t width, uint32_t height,
                         const struct gs_cursor_msg *cursor, int x, int y)
{
    int64_t left, top;

    if (!cursor || !cursor->visible)
        return;
    left = (int64_t)x - cursor->hot_x;
    top = (int64_t)y - cursor->hot_y;
    for (int64_t row = GS_MAX(-top, 0); row < cursor->height && top + row < height; row++) {
        uint8_t *line = bgra + (size_t)(top + row) * stride;
        const uint8_t *src = cursor->pixels + (size_t)row * cursor->width * 4;

        for (int64_t col = GS_MAX(-left, 0); col < cursor->width && left + col < width; col++)
            blend_pixel(line + (left + col) * 4, src + col * 4);
    }
}

static void png_failed(png_structp png, png_const_charp text)
{
    gs_warn("PNG: %s", text);
    png_longjmp(png, 1);
}

static void png_warned(png_structp png GS_UNUSED, png_const_charp text)
{
    gs_debug("PNG: %s", text);
}

/* libpng leaves by longjmp: nothing here changes after setjmp and is used afterwards. */
static int write_rows(png_structp png, png_infop info, FILE *file, const uint8_t *bgra,
                      uint32_t stride, uint32_t width, uint32_t height)
{
    if (setjmp(png_jmpbuf(png)))
        return -EIO;
    png_init_io(png, file);
    png_set_compression_level(png, 3);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_set_bgr(png);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, bgra + (size_t)y * stride);
    png_write_end(png, info);
    return 0;
}

static int write_png(FILE *file, const uint8_t *bgra, uint32_t stride, uint32_t width,
                     uint32_t height)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    int err = info ? write_rows(png, info, file, bgra, stride, width, height) : -ENOMEM;

    png_destroy_write_struct(&png, &info);
    return err;
}

int gs_png_write(const char *path, const uint8_t *bgra, uint32_t stride, uint32_t width,
                 uint32_t height)
{
    g_autofree char *part = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp_full(part, O_WRONLY | O_CLOEXEC, 0666), err;
    FILE *file;

    if (fd < 0)
        return -errno;
    file = fdopen(fd, "wb");
    if (!file) {
        err = -errno;
        close(fd);
        g_unlink(part);
        return err;
    }
    err = write_png(file, bgra, stride, width, height);
    if (fclose(file) && !err)
        err = -errno;
    if (!err && g_rename(part, path))
        err = -errno;
    if (err)
        g_unlink(part);
    return err;
}
