/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnvidia-ml.so.1 with one GPU, 0000:ff:1f.0. What it says of processes is in the file that
 * GS_MOCK_NVML names, read at each call: lines "PID TIME SM", TIME in microseconds; or "error N".
 * Without that variable it refuses to begin.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "host/meter_nvml.h"
#include "tests/support/mock/mock_nvidia.h"

#define PCI "0000:ff:1f.0"

MOCK_EXPORT int nvmlInit_v2(void);
MOCK_EXPORT int nvmlShutdown(void);
MOCK_EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, void **device);
MOCK_EXPORT int nvmlDeviceGetProcessUtilization(void *device, struct gs_nvml_sample *samples,
                                                unsigned *count, unsigned long long last_seen);

static int users;

int nvmlInit_v2(void)
{
    users++;
    return g_getenv("GS_MOCK_NVML") ? 0 : 9; /* the driver is not loaded */
}

int nvmlShutdown(void)
{
    g_assert_cmpint(users, >, 0);
    users--;
    return 0;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, void **device)
{
    if (strcmp(bus_id, PCI) != 0)
        return GS_NVML_NOT_FOUND;
    *device = &users;
    return 0;
}

int nvmlDeviceGetProcessUtilization(void *device, struct gs_nvml_sample *samples, unsigned *count,
                                    unsigned long long last_seen)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned n = 0;
    int error;

    g_assert_true(device == &users && users > 0);
    g_assert_true(g_file_get_contents(g_getenv("GS_MOCK_NVML"), &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        struct gs_nvml_sample s = {0};

        if (sscanf(*line, "error %d", &error) == 1)
            return error;
        if (sscanf(*line, "%u %llu %u", &s.pid, &s.time, &s.sm) != 3 || s.time <= last_seen)
            continue;
        if (samples && n < *count)
            samples[n] = s;
        n++;
    }
    if (n == 0)
        return GS_NVML_NOT_FOUND;
    error = !samples || n > *count ? GS_NVML_INSUFFICIENT_SIZE : 0;
    *count = n;
    return error;
}
