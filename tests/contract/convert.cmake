# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_convert_contract LABEL contract
    SOURCES contract/test_convert_contract.c LIBS gs_test_convert)
# Mesa's, as for the label gl.
set_property(TEST test_convert_contract APPEND PROPERTY ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
