/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware encoders as the registry lists them: they look before they load anything. */
#include "encoder/hardware.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "common/module.h"
#include "encoder/impls.h"

static int nvenc_probe(char *why, size_t why_size)
{
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY);

    /* Kept open: it is needed at once, and loading it again takes longer than all the rest. */
    if (driver)
        return 0;
    if (access("/dev/nvidiactl", F_OK) == 0) {
        snprintf(why, why_size,
                 "there is an NVIDIA GPU, but libcuda.so.1 is missing: install the driver's "
                 "libraries");
        return -ENOENT;
    }
    snprintf(why, why_size, "no NVIDIA driver (libcuda.so.1)");
    return -ENODEV;
}

static int vaapi_probe(char *why, size_t why_size)
{
    char node[64];

    if (gs_render_node_find(node))
        return 0;
    if (!node[0]) {
        g_snprintf(why, why_size, "no GPU (/dev/dri/renderD*)");
        return -ENODEV;
    }
    g_snprintf(why, why_size, "%s may not be opened: %s (is the user in the group 'render'?)", node,
               g_strerror(errno));
    return -EACCES;
}

/* NULL after gs_encoder_refuse. */
static const struct gs_hardware_module *load(void)
{
    char why[160];
    const struct gs_hardware_module *module =
        gs_module_load("gpushare-session-hardware", why, sizeof(why));

    if (module)
        module->forget_refusal();
    else
        gs_encoder_refuse("%s", why);
    return module;
}

static int tell(const struct gs_hardware_module *module, int err)
{
    if (err)
        gs_encoder_refuse("%s", module->refusal());
    return err;
}

static int nvenc_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    const struct gs_hardware_module *module = load();

    return module ? tell(module, module->nvenc->open(p, ret)) : -ENOENT;
}

static int vaapi_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    const struct gs_hardware_module *module = load();

    return module ? tell(module, module->vaapi->open(p, ret)) : -ENOENT;
}

const struct gs_encoder_impl gs_encoder_nvenc = {
    .name = "nvenc", .probe = nvenc_probe, .open = nvenc_open};
const struct gs_encoder_impl gs_encoder_vaapi = {
    .name = "vaapi", .probe = vaapi_probe, .open = vaapi_open};
