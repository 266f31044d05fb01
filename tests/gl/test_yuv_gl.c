/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the client's GL draws, against its conversion on the processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <GLES3/gl3.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/overlay.h"
#include "client/yuv_gl.h"
#include "client/yuv_rgb.h"
#include "session/egl.h"

#define TARGET_WIDTH 400
#define TARGET_HEIGHT 300

static GLuint framebuffer, renderbuffer;
static uint8_t drawn[TARGET_WIDTH * TARGET_HEIGHT * 4]; /* R G B A, row 0 above */

static void make_target(void)
{
    glGenFramebuffers(1, &framebuffer);
    glGenRenderbuffers(1, &renderbuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glBindRenderbuffer(GL_RENDERBUFFER, renderbuffer);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, TARGET_WIDTH, TARGET_HEIGHT);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, renderbuffer);
    assert_int_equal(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
}

static void drop_target(void)
{
    glDeleteFramebuffers(1, &framebuffer);
    glDeleteRenderbuffers(1, &renderbuffer);
}

/* As a window shows it: row 0 of the framebuffer is below. */
static void read_back(void)
{
    static uint8_t raw[sizeof(drawn)];
    const size_t row = (size_t)TARGET_WIDTH * 4;

    glReadPixels(0, 0, TARGET_WIDTH, TARGET_HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, raw);
    for (size_t y = 0; y < TARGET_HEIGHT; y++)
        memcpy(drawn + y * row, raw + (TARGET_HEIGHT - 1 - y) * row, row);
    assert_int_equal(glGetError(), GL_NO_ERROR);
}

static struct gs_picture *create_noise(enum gs_picture_format format, uint32_t width,
                                       uint32_t height, uint32_t seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    struct gs_picture_info info = {0};
    struct gs_picture *pic = gs_picture_alloc(NULL, format, width, height, &info);

    for (int plane = 0; plane < 3 && pic->pixels.data[plane]; plane++) {
        size_t size = (size_t)pic->pixels.stride[plane] * gs_picture_rows(pic, plane);

        for (size_t i = 0; i < size; i++)
            ((uint8_t *)pic->pixels.data[plane])[i] = (uint8_t)g_rand_int(rand);
    }
    return pic;
}

static const uint8_t *pixel(int x, int y)
{
    return drawn + ((size_t)y * TARGET_WIDTH + (size_t)x) * 4;
}

/* The picture at 1:1 where box is, within one of 255 of what the processor makes, black around it.
 */
static void check_exact(const struct gs_picture *pic, const struct gs_letterbox *box)
{
    uint32_t stride = pic->width * 4;
    g_autofree uint8_t *bgra = g_malloc((size_t)stride * pic->height);

    gs_yuv_to_bgra(pic, 0, pic->height, bgra, stride);
    for (int y = 0; y < TARGET_HEIGHT; y++) {
        for (int x = 0; x < TARGET_WIDTH; x++) {
            bool inside =
                x >= box->x && x < box->x + box->width && y >= box->y && y < box->y + box->height;
            const uint8_t *want =
                inside ? bgra + (size_t)(y - box->y) * stride + (size_t)(x - box->x) * 4
                       : (const uint8_t[]){0, 0, 0, 0};

            for (int c = 0; c < 3; c++) {
                if (abs(pixel(x, y)[c] - want[2 - c]) > (inside ? 1 : 0))
                    fail_msg("%d,%d: %d is %u instead of %u", x, y, c, pixel(x, y)[c], want[2 - c]);
            }
        }
    }
}

static struct gs_letterbox box_of(const struct gs_picture *pic, int x, int y)
{
    return (struct gs_letterbox){x, y, (int)pic->width, (int)pic->height, pic->width, pic->height};
}

static void draw(struct gs_yuv_gl *yuv, struct gs_picture *pic, const struct gs_letterbox *box)
{
    assert_int_equal(gs_yuv_gl_draw(yuv, pic, box, TARGET_WIDTH, TARGET_HEIGHT), 0);
    read_back();
}

/* Formats, ranges and sizes one after the other on the same textures. */
static void test_exact(void **state GS_UNUSED)
{
    static const uint32_t sizes[][2] = {{320, 200}, {321, 201}, {64, 64}, {399, 299}, {2, 2}};
    struct gs_yuv_gl *yuv;

    make_target();
    assert_int_equal(gs_yuv_gl_create(&yuv), 0);
    for (uint32_t i = 0; i < 4 * GS_ARRAY_SIZE(sizes); i++) {
        const uint32_t *size = sizes[i / 4];
        struct gs_picture *pic = create_noise(i % 2 ? GS_PICTURE_NV12 : GS_PICTURE_I420,
                                              (size[0] + 1) & ~1U, (size[1] + 1) & ~1U, i);
        struct gs_letterbox box;

        pic->pixels.full_range = i & 2;
        gs_picture_crop(pic, size[0], size[1]);
        box = box_of(pic, 1, (int)(i % 2));
        draw(yuv, pic, &box);
        check_exact(pic, &box);
        gs_picture_unref(pic);
    }
    gs_yuv_gl_destroy(yuv);
    drop_target();
}

/* Only what changed is uploaded; what is shown is the whole. */
static void test_partial_updates(void **state GS_UNUSED)
{
    static const uint32_t rows[] = {0, 17, 100, 101, 199};
    struct gs_picture *pic = create_noise(GS_PICTURE_I420, 320, 200, 1);
    const struct gs_letterbox box = box_of(pic, 8, 9);
    struct gs_yuv_gl *yuv;

    make_target();
    assert_int_equal(gs_yuv_gl_create(&yuv), 0);
    draw(yuv, pic, &box);
    for (size_t i = 0; i < GS_ARRAY_SIZE(rows); i++) {
        struct gs_picture *next = create_noise(GS_PICTURE_I420, 320, 200, 1);
        int stride = next->pixels.stride[0], half = next->pixels.stride[2];

        memset((uint8_t *)next->pixels.data[0] + (int)rows[i] * stride, 200, 320);
        memset((uint8_t *)next->pixels.data[2] + (int)rows[i] / 2 * half, 30, 160);
        draw(yuv, next, &box);
        check_exact(next, &box);
        gs_picture_unref(pic);
        pic = next;
    }
    gs_picture_unref(pic);
    gs_yuv_gl_destroy(yuv);
    drop_target();
}

static int download(void *owner, struct gs_picture_pixels *ret)
{
    *ret = ((struct gs_picture *)owner)->pixels;
    return 0;
}

static void release(void *owner)
{
    gs_picture_unref(owner);
}

/* A GL without dma-buf import, as this one, has the picture copied into memory. */
static void test_falls_back_to_download(void **state GS_UNUSED)
{
    static const struct gs_picture_owner owner = {release, download};
    struct gs_picture *memory = create_noise(GS_PICTURE_NV12, 320, 200, 2);
    const struct gs_picture_gpu gpu = {.luma = {.n_planes = 1, .fd = {-1}},
                                       .chroma = {.n_planes = 1, .fd = {-1}},
                                       .width = 320,
                                       .height = 200};
    struct gs_picture *pic = gs_picture_create(320, 200, &memory->info, &owner, memory);
    const struct gs_letterbox box = box_of(pic, 0, 0);
    struct gs_yuv_gl *yuv;

    pic->gpu = &gpu;
    make_target();
    assert_int_equal(gs_yuv_gl_create(&yuv), 0);
    for (int i = 0; i < 2; i++) {
        draw(yuv, pic, &box);
        check_exact(memory, &box);
    }
    gs_picture_unref(pic);
    gs_yuv_gl_destroy(yuv);
    drop_target();
}

/* One colour stays that colour at any size, up to the edge, and nothing of what is cut off is seen.
 */
static void test_scaled(void **state GS_UNUSED)
{
    struct gs_picture_info info = {0};
    struct gs_picture *pic = gs_picture_alloc(NULL, GS_PICTURE_I420, 100, 80, &info);
    static const struct gs_letterbox boxes[] = {{10, 20, 380, 270, 99, 79}, {5, 6, 40, 30, 99, 79}};
    struct gs_yuv_gl *yuv;

    memset((uint8_t *)pic->pixels.data[0], 63, (size_t)pic->pixels.stride[0] * 80);
    for (int i = 1; i < 3; i++)
        memset((uint8_t *)pic->pixels.data[i], i == 1 ? 102 : 240,
               (size_t)pic->pixels.stride[i] * 40);
    for (int y = 0; y < 80; y++)
        ((uint8_t *)pic->pixels.data[0])[y * pic->pixels.stride[0] + 99] = 255;
    memset((uint8_t *)pic->pixels.data[0] + 79 * pic->pixels.stride[0], 255, 100);
    gs_picture_crop(pic, 99, 79);
    make_target();
    assert_int_equal(gs_yuv_gl_create(&yuv), 0);
    for (size_t i = 0; i < GS_ARRAY_SIZE(boxes); i++) {
        const struct gs_letterbox *b = &boxes[i];

        draw(yuv, pic, b);
        for (int y = 0; y < TARGET_HEIGHT; y++) {
            for (int x = 0; x < TARGET_WIDTH; x++) {
                bool inside = x >= b->x && x < b->x + b->width && y >= b->y && y < b->y + b->height;

                assert_in_range(pixel(x, y)[0], inside ? 254 : 0, inside ? 255 : 0);
                assert_in_range(pixel(x, y)[1], 0, 1);
            }
        }
    }
    gs_picture_unref(pic);
    gs_yuv_gl_destroy(yuv);
    drop_target();
}

/* The same as gs_overlay_draw makes of the picture. */
static void test_overlay(void **state GS_UNUSED)
{
    struct gs_picture *pic = create_noise(GS_PICTURE_NV12, 320, 200, 4);
    const struct gs_letterbox box = box_of(pic, 30, 40);
    g_autofree uint8_t *bgra = g_malloc(320 * 200 * 4);
    struct gs_yuv_gl *yuv;

    gs_yuv_to_bgra(pic, 0, 200, bgra, 320 * 4);
    gs_overlay_draw(bgra, 320 * 4, 320, 200, "latency 3.1\nfps 60", GS_OVERLAY_SCALE);
    make_target();
    assert_int_equal(gs_yuv_gl_create(&yuv), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gs_yuv_gl_draw(yuv, pic, &box, TARGET_WIDTH, TARGET_HEIGHT), 0);
        gs_yuv_gl_draw_overlay(yuv, "latency 3.1\nfps 60", &box, TARGET_WIDTH, TARGET_HEIGHT);
        read_back();
        for (int y = 0; y < 200; y++) {
            for (int x = 0; x < 320; x++) {
                for (int c = 0; c < 3; c++)
                    assert_in_range(abs(pixel(30 + x, 40 + y)[c] - bgra[(y * 320 + x) * 4 + 2 - c]),
                                    0, 1);
            }
        }
    }
    gs_picture_unref(pic);
    gs_yuv_gl_destroy(yuv);
    drop_target();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),   cmocka_unit_test(test_partial_updates),
        cmocka_unit_test(test_scaled),  cmocka_unit_test(test_falls_back_to_download),
        cmocka_unit_test(test_overlay),
    };
    struct gs_egl *egl;
    int failed;

    if (gs_egl_create(NULL, &egl) < 0) {
        printf("skipped: no EGL display\n");
        return 77;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    gs_egl_destroy(egl);
    return failed;
}
