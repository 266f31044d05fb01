/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each encoder makes pictures that a decoder gives back. */
#include <glib.h>
#include <string.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/module.h"
#include "encoder/encoder.h"
#include "session/doctor.h"
#include "session/doctor_decode.h"
#include "session/egl.h"

#define WIDTH 1280
#define HEIGHT 720
#define ROUNDS 5

/* Slopes that move: neither empty nor noise. */
static void draw(struct gs_nv12 *pic, unsigned step)
{
    for (uint32_t y = 0; y < pic->height; y++)
        for (uint32_t x = 0; x < pic->width; x++)
            pic->y[(size_t)y * pic->y_stride + x] = (uint8_t)(16 + (x + y + 8 * step) / 16 % 200);
}

struct result {
    uint64_t ns;     /* for one picture */
    const char *why; /* NULL: all went well */
    bool compared;
};

static struct result encode(struct gs_encoder *enc)
{
    char why[160];
    const struct gs_doctor_decoder *module =
        gs_module_load("gpushare-session-decode", why, sizeof(why));
    void *decoder = module ? module->open() : NULL;
    struct result r = {.compared = decoder != NULL};
    struct gs_packet packet;
    struct gs_nv12 pic = {0};

    if (gs_nv12_alloc(WIDTH, HEIGHT, &pic) < 0)
        r.why = "there is no memory";
    for (unsigned i = 0; !r.why && i < ROUNDS; i++) {
        uint64_t start;
        int err;

        draw(&pic, i);
        start = gs_now_ns();
        err = gs_encoder_encode(enc, &pic, NULL, &packet);
        r.ns += gs_now_ns() - start;
        if (err < 0)
            r.why = "it does not encode";
        else if (decoder)
            r.why = module->compare(decoder, &packet, &pic);
    }
    r.ns /= ROUNDS;
    if (decoder)
        module->close(decoder);
    gs_nv12_free(&pic);
    return r;
}

static void set_refusal(struct gs_check *check, const char *id, const char *title, bool fails)
{
    g_autofree char *why = gs_check_last_words();
    const char *reason = strstr(why, "refused: ");
    /* A machine with a GPU may be expected to encode with it. */
    bool odd = fails || gs_egl_gpu_present(NULL, 0);

    gs_check_set(check, id, title, odd ? GS_CHECK_WARN : GS_CHECK_INFO, "%s",
                 reason ? reason : why);
}

bool gs_doctor_encoder(void *user)
{
    const char *name = user;
    struct gs_encoder_params params = {.width = WIDTH, .height = HEIGHT, .fps = 60};
    g_autofree char *id = g_strconcat("encoder.", name, NULL);
    g_autofree char *title = g_strconcat("encoder ", name, NULL);
    struct gs_encoder *enc;
    struct gs_check check;
    struct result r;

    gs_egl_gpu_present(params.device, sizeof(params.device));
    if (gs_encoder_create(name, &params, &enc) < 0) {
        set_refusal(&check, id, title, strcmp(name, "x264") == 0);
        gs_check_say(&check);
        return false;
    }
    r = encode(enc);
    if (r.why)
        gs_check_set(&check, id, title, GS_CHECK_FAIL, "opens, but %s", r.why);
    else
        gs_check_set(&check, id, title, GS_CHECK_OK, "%.2f ms for a picture of %dx%d%s",
                     (double)r.ns / 1e6, WIDTH, HEIGHT,
                     r.compared ? "; a decoder gives it back" : "");
    if (r.why)
        gs_check_set_remedy(&check, "take another one: gpushare-host run --encoder NAME");
    gs_check_say(&check);
    return !r.why;
}
