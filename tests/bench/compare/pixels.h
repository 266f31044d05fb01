/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for a picture that another process maps too. */
#pragma once

#include "common/macros.h"
#include "tests/apps/paint.h"

/* Lives as long as the process; the caller closes the file. 0 or -errno. */
int cmp_pixels_create(int width, int height, struct gs_canvas *ret, int *ret_fd) GS_MUST_CHECK;
