/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/convert.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/log.h"
#include "session/convert_internal.h"
#include "session/egl.h"

/* As gs_nv12_alloc. */
#define MAX_SIDE 8192

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
    return side > 0 && side % 2 == 0 && side <= MAX_SIDE;
}

int gs_converter_create(const char *name, struct gs_egl *egl, uint32_t width, uint32_t height,
                        struct gs_converter **ret)
{
    const struct gs_converter_impl *impl;
    struct gs_converter *conv;
    char why[sizeof(conv->why)] = "";
    int r;

    if (!name || !*name)
        name = egl && !egl->software ? "gl" : "cpu";
    impl = find(name);
    if (!impl) {
        gs_error("there is no converter %s", name);
        return -ENOENT;
    }
    if (!side_ok(width) || !side_ok(height)) {
        gs_error("converter %s: an output of %ux%u can't be", name, width, height);
        return -EINVAL;
    }
    r = impl->open(egl, width, height, &conv, why, sizeof(why));
    if (r < 0) {
        gs_error("converter %s: %s", name, why);
        return r;
    }
    conv->impl = impl;
    conv->width = width;
    conv->height = height;
    gs_info("converter %s, %ux%u", name, width, height);
    *ret = conv;
    return 0;
}

void gs_converter_destroy(struct gs_converter *conv)
{
    if (conv)
        conv->impl->close(conv);
}

int gs_converter_convert(struct gs_converter *conv, const struct gs_scene *scene,
                         struct gs_nv12 *pic)
{
    if (scene->width != conv->width || scene->height != conv->height || pic->width != conv->width ||
        pic->height != conv->height)
        return -EINVAL;
    return conv->impl->convert(conv, scene, pic);
}
