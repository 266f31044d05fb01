/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoders in the module, for its gs_module_start. */
#pragma once

#include "encoder/encoder.h"

extern const struct gs_encoder_impl gs_hardware_nvenc; /* nvenc.c */
extern const struct gs_encoder_impl gs_hardware_vaapi; /* vaapi.c */
