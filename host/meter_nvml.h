/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is used of libnvidia-ml.so.1, declared anew after NVIDIA's public NVML API reference, so
 * that its header is not needed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* nvmlReturn_t; 0: success */
enum {
    GS_NVML_NOT_SUPPORTED = 3,
    GS_NVML_NOT_FOUND = 6,
    GS_NVML_INSUFFICIENT_SIZE = 7,
};

/* nvmlProcessUtilizationSample_t */
struct gs_nvml_sample {
    unsigned pid;
    unsigned long long time;               /* us since 1970 */
    unsigned sm, memory, encoder, decoder; /* percent */
};

typedef int (*gs_nvml_init_fn)(void);                                /* nvmlInit_v2 */
typedef int (*gs_nvml_shutdown_fn)(void);                            /* nvmlShutdown */
typedef int (*gs_nvml_by_pci_fn)(const char *bus_id, void **device); /* …GetHandleByPciBusId_v2 */
/* nvmlDeviceGetProcessUtilization. samples NULL: only counts them. */
typedef int (*gs_nvml_samples_fn)(void *device, struct gs_nvml_sample *samples, unsigned *count,
                                  unsigned long long last_seen);
