# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_meter LABEL contract SOURCES contract/test_meter.c contract/meter_worlds.c
    support/tree.c LIBS gpushare::host)
gs_test(test_meter_cpu LABEL contract SOURCES contract/test_meter_cpu.c LIBS gpushare::host)
