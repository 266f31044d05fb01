/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The converters there are. */
#pragma once

#include "session/convert.h"

extern const struct gs_converter_impl gs_converter_gl;
extern const struct gs_converter_impl gs_converter_cpu;
