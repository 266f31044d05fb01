# SPDX-License-Identifier: GPL-2.0-or-later
# gs-bench: what docs/performance.md is made with. As a test it only runs a moment.
gs_program(gs-bench SOURCES bench/gs-bench.c bench/bench_scene.c bench/bench_report.c
    LIBS gs_test_support)
add_dependencies(gs-bench gs-test-app)
add_test(NAME bench_runs
    COMMAND gs-bench --seconds 3 --repeats 1 --scene 3d-test --scene click --size 640x360)
set_tests_properties(bench_runs PROPERTIES LABELS integration TIMEOUT 120 RUN_SERIAL ON
    ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
