# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_yuv_gl LABEL gl
    SOURCES gl/test_yuv_gl.c LIBS gs_yuv_gl gs_convert gs_decode gs_client_parts)
# Mesa keeps memory to the end; its frames are gone by then, so it cannot be told by name.
set_property(TEST test_yuv_gl APPEND PROPERTY ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
