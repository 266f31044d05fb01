# SPDX-License-Identifier: GPL-2.0-or-later
# What meters cost and how far they are from the truth. As a test it only runs a moment.
gs_program(bench_meter SOURCES bench/meter.c contract/meter_worlds.c support/tree.c
    LIBS gpushare::host)
add_test(NAME bench_meter_runs COMMAND bench_meter 5)
set_tests_properties(bench_meter_runs PROPERTIES LABELS contract TIMEOUT 60
    ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
