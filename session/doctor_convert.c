/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each converter makes pictures that are known. */
#include <glib.h>
#include <pixman.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/clock.h"
#include "session/convert.h"
#include "session/doctor.h"
#include "session/egl.h"

#define WIDTH 1280
#define HEIGHT 720
#define ROUNDS 10
#define XRGB8888 0x34325258u /* DRM fourcc XR24 */
#define RED 0xffff0000u
/* Red in BT.709, limited range. */
#define RED_Y 63
#define RED_CB 102
#define RED_CR 240

static bool begin_layer(const struct gs_layer *layer, const void **data, uint32_t *stride)
{
    *data = layer->user;
    *stride = WIDTH * 4;
    return true;
}

static void end_layer(const struct gs_layer *layer)
{
    (void)layer;
}

static bool near(int a, int b)
{
    return abs(a - b) <= 2;
}

static bool is_red(const struct gs_nv12 *pic)
{
    static const uint32_t points[][2] = {{0, 0}, {WIDTH / 2, HEIGHT / 2}, {WIDTH - 2, HEIGHT - 2}};

    for (size_t i = 0; i < GS_ARRAY_SIZE(points); i++) {
        uint32_t x = points[i][0], y = points[i][1];
        const uint8_t *uv = pic->uv + (size_t)(y / 2) * pic->uv_stride + x;

        if (!near(pic->y[(size_t)y * pic->y_stride + x], RED_Y) || !near(uv[0], RED_CB) ||
            !near(uv[1], RED_CR))
            return false;
    }
    return true;
}

/* ns for one picture, all of it changed; 0: the error is in *ret_why. */
static uint64_t convert(struct gs_converter *conv, const char **ret_why)
{
    uint32_t *pixels = g_new(uint32_t, (gsize)WIDTH * HEIGHT);
    pixman_region32_t all;
    const struct gs_layer layer = {.surface_id = 1,
                                   .width = WIDTH,
                                   .height = HEIGHT,
                                   .format = XRGB8888,
                                   .opaque = true,
                                   .src_width = WIDTH,
                                   .src_height = HEIGHT,
                                   .dst_width = WIDTH,
                                   .dst_height = HEIGHT,
                                   .damage = &all,
                                   .begin = begin_layer,
                                   .end = end_layer,
                                   .user = pixels};
    const struct gs_scene scene = {WIDTH, HEIGHT, 1, &layer, &all};
    struct gs_nv12 pic;
    uint64_t start = 0, ns = 0;

    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++)
        pixels[i] = RED;
    pixman_region32_init_rect(&all, 0, 0, WIDTH, HEIGHT);
    *ret_why = gs_nv12_alloc(WIDTH, HEIGHT, &pic) < 0 ? "there is no memory" : NULL;
    for (int i = 0; !*ret_why && i <= ROUNDS; i++) {
        if (i == 1) /* the first one also sets things up */
            start = gs_now_ns();
        if (gs_converter_convert(conv, &scene, &pic) < 0)
            *ret_why = "it does not convert";
    }
    ns = (gs_now_ns() - start) / ROUNDS;
    if (!*ret_why && !is_red(&pic))
        *ret_why = "it gives the wrong colours";
    pixman_region32_fini(&all);
    g_free(pixels);
    return *ret_why ? 0 : GS_MAX(ns, 1);
}

static struct gs_egl *open_egl(bool wanted)
{
    struct gs_egl *egl = NULL;

    if (wanted && gs_egl_create(NULL, &egl) < 0)
        return NULL;
    return egl;
}

bool gs_doctor_converter(void *user)
{
    const char *name = user, *why = NULL;
    bool gl = strcmp(name, "gl") == 0;
    struct gs_egl *egl = open_egl(gl);
    g_autofree char *id = g_strconcat("converter.", name, NULL);
    g_autofree char *title = g_strconcat("converter ", name, NULL);
    g_autofree char *words = NULL;
    bool needed = !gl || (egl && !egl->software);
    struct gs_converter *conv;
    struct gs_check check;
    uint64_t ns = 0;

    if (gs_converter_create(name, egl, WIDTH, HEIGHT, &conv) == 0)
        ns = convert(conv, &why);
    else
        why = words = gs_check_last_words();
    if (ns)
        gs_check_set(&check, id, title, GS_CHECK_OK, "%.2f ms for a picture of %dx%d%s",
                     (double)ns / 1e6, WIDTH, HEIGHT,
                     gl && !needed ? ", on software rendering" : "");
    else
        gs_check_set(&check, id, title, needed ? GS_CHECK_WARN : GS_CHECK_INFO, "refused: %s", why);
    gs_check_say(&check);
    return ns;
}

/* As a session chooses. */
bool gs_doctor_converter_choice(void *user)
{
    struct gs_egl *egl = open_egl(gs_egl_gpu_present(NULL, 0));
    struct gs_converter *conv;
    struct gs_check check;
    bool ok = gs_converter_create(NULL, egl, WIDTH, HEIGHT, &conv) == 0;

    (void)user;
    gs_check_set(&check, "converter", "converter", ok ? GS_CHECK_OK : GS_CHECK_FAIL, "%s",
                 ok ? conv->why : "none works");
    if (ok)
        g_strlcpy(check.value, conv->impl->name, sizeof(check.value));
    gs_check_say(&check);
    return ok;
}
