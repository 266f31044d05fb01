/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kinds of meters share. Thread: the scheduler's. */
#pragma once

#include "host/meter.h"

extern const struct gs_meter_impl gs_meter_fdinfo;
extern const struct gs_meter_impl gs_meter_nvml;
extern const struct gs_meter_impl gs_meter_cpu;

/* The beginning of a small file of the kernel's into text, ended with a NUL. Bytes, -errno. */
int gs_meter_read_file(const char *path, char *text, size_t size) GS_MUST_CHECK;
/* The same of an open descriptor, from its beginning. */
int gs_meter_read_fd(int fd, char *text, size_t size) GS_MUST_CHECK;
