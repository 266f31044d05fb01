/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoders of libavcodec as the registry lists them: they load the module, and what they open
 * is the module's. */
#include "client/decode_libav.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "client/decode_impls.h"
#include "common/module.h"

static bool have_render_node(void)
{
    g_autoptr(GDir) dri = g_dir_open("/dev/dri", 0, NULL);
    const char *name;

    while (dri && (name = g_dir_read_name(dri))) {
        if (g_str_has_prefix(name, "renderD"))
            return true;
    }
    return false;
}

/* Looks before it loads anything: most of the time there is no GPU. */
static int vaapi_open(struct gs_codec **ret, char *why, size_t why_size)
{
    const struct gs_libav_module *module;

    if (!have_render_node()) {
        snprintf(why, why_size, "there is no render node in /dev/dri");
        return -ENODEV;
    }
    module = gs_module_load("gpushare-client-libav", why, why_size);
    return module ? module->vaapi->open(ret, why, why_size) : -ENOENT;
}

static int software_open(struct gs_codec **ret, char *why, size_t why_size)
{
    const struct gs_libav_module *module = gs_module_load("gpushare-client-libav", why, why_size);

    return module ? module->software->open(ret, why, why_size) : -ENOENT;
}

const struct gs_decoder_impl gs_decoder_vaapi = {.name = "vaapi", .open = vaapi_open};
const struct gs_decoder_impl gs_decoder_software = {.name = "software", .open = software_open};
