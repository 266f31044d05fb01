/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/convert.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "common/log.h"
#include "session/convert_internal.h"
#include "session/egl.h"

#define MAX_SIDE 8192 /* as gs_nv12_alloc */

const struct gs_converter_impl *const gs_converter_impls[] = {
    &gs_converter_gl,
    &gs_converter_cpu,
    NULL,
};

static const struct gs_converter_impl *find(const char *name)
{
    for (unsigned i = 0; gs_converter_impls[i]; i++)
        if (strcmp(gs_converter_impls[i]->name, name) == 0)
            return gs_converter_impls[i];
    return NULL;
}

static bool side_ok(uint32_t side)
{
    return side > 0 && side <= MAX_SIDE;
}

static int open_one(const struct gs_converter_impl *impl, struct gs_egl *egl, uint32_t width,
                    uint32_t height, struct gs_converter **ret, char *why, size_t why_size)
{
    struct gs_converter *conv;
    int r = impl->open(egl, width, height, &conv, why, why_size);

    if (r < 0)
        return r;
    conv->impl = impl;
    conv->width = width;
    conv->height = height;
    *ret = conv;
    return 0;
}

/* gl where there is a GPU to run it, else cpu; a refusal is never silent. */
static int choose(struct gs_egl *egl, uint32_t width, uint32_t height, struct gs_converter **ret)
{
    char why[160] = "no GPU";
    int r;

    if (egl && !egl->software) {
        if (open_one(&gs_converter_gl, egl, width, height, ret, why, sizeof(why)) == 0) {
            g_strlcpy((*ret)->why, "gl: the renderer is a GPU", sizeof((*ret)->why));
            return 0;
        }
        gs_warn("converter gl: %s; taking cpu", why);
    }
    r = open_one(&gs_converter_cpu, NULL, width, height, ret, why, sizeof(why));
    if (r == 0)
        g_snprintf((*ret)->why, sizeof((*ret)->why), "cpu: %s", why);
    return r;
}

static int take(const char *name, struct gs_egl *egl, uint32_t width, uint32_t height,
                struct gs_converter **ret)
{
    const struct gs_converter_impl *impl = find(name);
    char why[160] = "";
    int r;

    if (!impl) {
        gs_error("there is no converter %s", name);
        return -ENOENT;
    }
    r = open_one(impl, egl, width, height, ret, why, sizeof(why));
    if (r < 0)
        gs_error("converter %s: %s", name, why);
    else
        g_snprintf((*ret)->why, sizeof((*ret)->why), "%s was asked for", name);
    return r;
}

int gs_converter_create(const char *name, struct gs_egl *egl, uint32_t width, uint32_t height,
                        struct gs_converter **ret)
{
    int r;

    if (!side_ok(width) || !side_ok(height)) {
        gs_error("converter: an output of %ux%u can't be", width, height);
        return -EINVAL;
    }
    if (name && *name)
        r = take(name, egl, width, height, ret);
    else
        r = choose(egl, width, height, ret);
    if (r == 0)
        gs_info("converter %s, %ux%u", (*ret)->impl->name, width, height);
    return r;
}

void gs_converter_destroy(struct gs_converter *conv)
{
    if (conv)
        conv->impl->close(conv);
}

int gs_converter_attach(struct gs_converter *conv, struct gs_encoder *enc)
{
    char why[160] = "it draws to memory only";
    struct gs_encoder_surface surface;
    int r = gs_encoder_surface(enc, &surface);

    if (r < 0) {
        gs_debug("encoder %s takes pictures from memory", enc->impl->name);
        return r;
    }
    r = conv->impl->attach ? conv->impl->attach(conv, enc, &surface, why, sizeof(why)) : -ENOTSUP;
    if (r < 0) {
        gs_warn("converter %s cannot draw into the surface of encoder %s: %s", conv->impl->name,
                enc->impl->name, why);
        return r;
    }
    conv->surface_of = enc;
    return 0;
}

static bool picture_ok(const struct gs_converter *conv, const struct gs_nv12 *pic)
{
    if (conv->surface_of)
        return !pic;
    return pic && pic->width == gs_nv12_side(conv->width) &&
           pic->height == gs_nv12_side(conv->height);
}

int gs_converter_convert(struct gs_converter *conv, const struct gs_scene *scene,
                         struct gs_nv12 *pic)
{
    if (scene->width != conv->width || scene->height != conv->height || !picture_ok(conv, pic))
        return -EINVAL;
    return conv->impl->convert(conv, scene, pic);
}

uint64_t gs_converter_gpu_ns(struct gs_converter *conv)
{
    return conv->impl->gpu_ns ? conv->impl->gpu_ns(conv) : 0;
}
