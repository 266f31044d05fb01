# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_sandbox LABEL integration TIMEOUT 240
    SOURCES integration/test_sandbox.c LIBS gs_test_support gpushare::common)
