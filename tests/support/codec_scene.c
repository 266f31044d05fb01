/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/codec_scene.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define TEXTURE 256

const char *scene_name(enum scene_kind kind)
{
    return kind == SCENE_3D ? "3d" : "text";
}

static uint32_t hash(uint32_t v)
{
    v = (v ^ v >> 16) * 0x7feb352dU;
    v = (v ^ v >> 15) * 0x846ca68bU;
    return v ^ v >> 16;
}

/* Noise that repeats every TEXTURE units, interpolated, with octaves of half the size. */
static float noise(float x, float y)
{
    float sum = 0;

    for (int octave = 0; octave < 4; octave++) {
        int size = 16 >> octave;
        float u = x / (float)size, v = y / (float)size;
        int iu = (int)floorf(u), iv = (int)floorf(v);
        float fu = u - (float)iu, fv = v - (float)iv, corner[4];

        for (int i = 0; i < 4; i++) {
            uint32_t cx = (uint32_t)(iu + (i & 1)) % (TEXTURE / (uint32_t)size);
            uint32_t cy = (uint32_t)(iv + (i >> 1)) % (TEXTURE / (uint32_t)size);

            corner[i] = (float)(hash(cx + 1000 * cy + 1000000 * (uint32_t)octave) & 255);
        }
        sum += ((corner[0] * (1 - fu) + corner[1] * fu) * (1 - fv) +
                (corner[2] * (1 - fu) + corner[3] * fu) * fv) /
               (float)(2 << octave);
    }
    return sum;
}

static const uint8_t *texture(void)
{
    static uint8_t pixels[TEXTURE * TEXTURE];
    static bool drawn;

    for (int i = 0; i < TEXTURE * TEXTURE && !drawn; i++)
        pixels[i] = (uint8_t)noise((float)(i % TEXTURE), (float)(i / TEXTURE));
    drawn = true;
    return pixels;
}

/* Bilinear, u and v in 16.16 texels. */
static uint32_t sample(const uint8_t *tex, int32_t u, int32_t v)
{
    uint32_t x = (uint32_t)u >> 16, y = (uint32_t)v >> 16;
    uint32_t fx = (uint32_t)u >> 8 & 255, fy = (uint32_t)v >> 8 & 255;
    const uint8_t *r0 = tex + y % TEXTURE * TEXTURE, *r1 = tex + (y + 1) % TEXTURE * TEXTURE;
    uint32_t a = r0[x % TEXTURE] * (256 - fx) + r0[(x + 1) % TEXTURE] * fx;
    uint32_t b = r1[x % TEXTURE] * (256 - fx) + r1[(x + 1) % TEXTURE] * fx;

    return (a * (256 - fy) + b * fy) >> 16;
}

static void draw_plane(uint32_t frame, struct gs_nv12 *pic)
{
    const uint8_t *tex = texture();
    double angle = frame * 0.004, zoom = 1.2 + 0.2 * sin(frame * 0.02);
    int32_t du = (int32_t)(cos(angle) * zoom * 65536), dv = (int32_t)(sin(angle) * zoom * 65536);

    for (uint32_t y = 0; y < pic->height; y++) {
        uint8_t *row = pic->y + (size_t)y * pic->y_stride;
        int32_t u = (int32_t)(frame * 40000 - y * (uint32_t)dv);
        int32_t v = (int32_t)(frame * 20000 + y * (uint32_t)du);

        for (uint32_t x = 0; x < pic->width; x++) {
            row[x] = (uint8_t)(30 + sample(tex, u, v) * 3 / 4);
            u = (int32_t)((uint32_t)u + (uint32_t)du);
            v = (int32_t)((uint32_t)v + (uint32_t)dv);
        }
    }
    for (uint32_t y = 0; y < pic->height / 2; y++) {
        uint8_t *row = pic->uv + (size_t)y * pic->uv_stride;

        for (uint32_t x = 0; x < pic->width; x += 2) {
            row[x] = (uint8_t)(110 + (x + frame) % 512 / 16);
            row[x + 1] = (uint8_t)(120 + (y + frame) % 256 / 16);
        }
    }
}

static void draw_ball(struct gs_nv12 *pic, int cx, int cy, int radius, uint8_t u, uint8_t v)
{
    for (int y = -radius; y < radius; y++) {
        for (int x = -radius; x < radius; x++) {
            int px = cx + x, py = cy + y, d = x * x + y * y;
            uint8_t *uv;

            if (d >= radius * radius || px < 0 || py < 0 || px >= (int)pic->width ||
                py >= (int)pic->height)
                continue;
            pic->y[(size_t)py * pic->y_stride + (size_t)px] =
                (uint8_t)(220 - 140 * d / (radius * radius) - 30 * x / radius);
            uv = pic->uv + (size_t)(py / 2) * pic->uv_stride + (size_t)(px & ~1);
            uv[0] = u;
            uv[1] = v;
        }
    }
}

static void draw_3d(uint32_t frame, struct gs_nv12 *pic)
{
    int w = (int)pic->width, h = (int)pic->height;

    draw_plane(frame, pic);
    for (int i = 0; i < 5; i++) {
        double t = frame * 0.03 + i * 1.3;

        draw_ball(pic, (int)(w * (0.5 + 0.4 * sin(t))), (int)(h * (0.5 + 0.35 * cos(t * 0.7 + i))),
                  h / 10 + i * h / 60, (uint8_t)(90 + 20 * i), (uint8_t)(170 - 20 * i));
    }
}

/* 8×16 cells; each of 64 glyphs is strokes on a 5×9 grid, dark on light, blanks between words. */
static uint8_t glyph(uint32_t code, uint32_t x, uint32_t y)
{
    static const uint16_t strokes[4] = {0x1f, 0x11, 0x04, 0x0e};
    uint32_t row = y - 3;

    if (hash(code) % 6 == 0 || x < 1 || x > 5 || y < 3 || y > 11)
        return 235;
    return strokes[hash(code % 64 * 16 + row / 2) & 3] >> (x - 1) & 1 ? 30 : 225;
}

static void draw_text(uint32_t frame, struct gs_nv12 *pic)
{
    for (uint32_t y = 0; y < pic->height; y++) {
        uint8_t *row = pic->y + (size_t)y * pic->y_stride;
        uint32_t page_y = y + frame * 4, line = page_y / 16;

        for (uint32_t x = 0; x < pic->width; x++) {
            bool margin = x < 40 || x >= 40 + 400 + hash(line) % (pic->width);

            row[x] = margin ? 235 : glyph(hash(line * 4096 + x / 8), x % 8, page_y % 16);
        }
    }
    for (uint32_t y = 0; y < pic->height / 2; y++) {
        for (uint32_t x = 0; x < pic->width; x++)
            pic->uv[(size_t)y * pic->uv_stride + x] = 128;
    }
}

void scene_draw(enum scene_kind kind, uint32_t frame, struct gs_nv12 *pic)
{
    if (kind == SCENE_3D)
        draw_3d(frame, pic);
    else
        draw_text(frame, pic);
}

double scene_psnr(const uint8_t *a, uint32_t a_stride, const uint8_t *b, uint32_t b_stride,
                  uint32_t width, uint32_t height)
{
    double sum = 0;

    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            int d = a[(size_t)y * a_stride + x] - b[(size_t)y * b_stride + x];

            sum += d * d;
        }
    }
    return sum > 0 ? 10 * log10(255.0 * 255.0 * width * height / sum) : 99;
}
