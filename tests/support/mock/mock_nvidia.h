/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NVIDIA driver on the processor: libcuda.so.1 with what libavutil's CUDA device and our copying
 * of textures need, and libnvidia-encode.so.1, which encodes with libx264. Device memory is memory.
 * GS_MOCK_NVIDIA takes from it what real ones lack, separated by commas:
 *
 *   nodevice     no GPU                       noguids   encodes nothing (H100)
 *   mismatch     user and kernel part differ  full      no session is left
 *   old          NVENC of long ago            one       one session at a time
 *   unsupported  NVENC knows no such GPU      small     pictures up to 256×256
 *   nogl         takes no GL textures
 *
 * GS_MOCK_NVENC_SLOTS names a folder: all processes together have as many sessions of NVENC as
 * there are files in it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static inline bool mock_nvidia_has(const char *word)
{
    const char *all = g_getenv("GS_MOCK_NVIDIA");
    g_auto(GStrv) words = g_strsplit(all ? all : "", ",", -1);

    return g_strv_contains((const gchar *const *)words, word);
}

#define MOCK_EXPORT __attribute__((visibility("default")))
