# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_doctor LABEL integration TIMEOUT 300
    SOURCES integration/test_doctor.c LIBS gs_test_support util)
add_dependencies(test_doctor gpushare-host gpushare-session gpushare-client)
