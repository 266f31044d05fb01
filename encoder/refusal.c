/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "encoder/impls.h"

static _Thread_local char refusal[160];

void gs_encoder_refuse(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(refusal, sizeof(refusal), fmt, args);
    va_end(args);
}

const char *gs_encoder_refusal(void)
{
    return refusal;
}

void gs_encoder_forget_refusal(void)
{
    refusal[0] = '\0';
}
