/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/meter_device.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "host/meter_internal.h"

static bool is_node(const char *name)
{
    const char *digits = name + strcspn(name, "0123456789");
    size_t letters = (size_t)(digits - name);

    return ((letters == 7 && g_str_has_prefix(name, "renderD")) ||
            (letters == 4 && g_str_has_prefix(name, "card"))) &&
           *digits && !digits[strspn(digits, "0123456789")];
}

static void take(const char *line, const char *key, char *ret, size_t size)
{
    if (g_str_has_prefix(line, key))
        g_strlcpy(ret, line + strlen(key), size);
}

int gs_meter_device_find(const char *root, const char *gpu, struct gs_meter_device *ret)
{
    g_autofree char *node = g_path_get_basename(gpu);
    g_autofree char *path = g_build_filename(root, "sys/class/drm", node, "device", "uevent", NULL);
    g_auto(GStrv) lines = NULL;
    char text[4096];

    if (!is_node(node))
        return -EINVAL;
    if (gs_meter_read_file(path, text, sizeof(text)) < 0)
        return -ENODEV;
    *ret = (struct gs_meter_device){.driver = ""};
    g_strlcpy(ret->node, node, sizeof(ret->node));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        take(*line, "DRIVER=", ret->driver, sizeof(ret->driver));
        take(*line, "PCI_SLOT_NAME=", ret->pci, sizeof(ret->pci));
    }
    return 0;
}

bool gs_meter_device_tells(const struct gs_meter_device *d)
{
    static const char *const drivers[] = {"i915", "xe",  "amdgpu", "panfrost", "panthor",
                                          "msm",  "v3d", "lima",   "etnaviv",  NULL};

    return g_strv_contains(drivers, d->driver);
}
