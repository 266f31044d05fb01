# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_convert_cpu LABEL unit SOURCES gl/test_convert.c LIBS gs_test_convert)
target_compile_definitions(test_convert_cpu PRIVATE CONVERTER="cpu")
