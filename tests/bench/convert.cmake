# SPDX-License-Identifier: GPL-2.0-or-later
gs_program(bench_convert SOURCES bench/convert.c LIBS gs_test_convert gs_yuv)
