/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which GPU a render node is, by sysfs (/sys/class/drm/NODE/device/uevent). Any thread. */
#pragma once

#include <stdbool.h>

#include "common/macros.h"

struct gs_meter_device {
    char node[32];   /* "renderD128" */
    char driver[32]; /* of the kernel; "" where that is not said */
    char pci[32];    /* "0000:01:00.0"; "": not on PCI */
};

/* root: "/", another one for tests. gpu: "/dev/dri/renderD128". -EINVAL: that is no node; -ENODEV:
 * there is none. */
int gs_meter_device_find(const char *root, const char *gpu,
                         struct gs_meter_device *ret) GS_MUST_CHECK;
/* Whether the kernel's driver is known to tell each client's GPU time in fdinfo. */
bool gs_meter_device_tells(const struct gs_meter_device *d);
