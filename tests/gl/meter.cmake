# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_convert_timer LABEL gl SOURCES gl/test_convert_timer.c LIBS gs_test_convert)
# Mesa keeps memory to the end; see convert.cmake.
set_property(TEST test_convert_timer APPEND PROPERTY ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
