# SPDX-License-Identifier: GPL-2.0-or-later
gs_program(bench_grants SOURCES ${CMAKE_CURRENT_LIST_DIR}/grants.c LIBS gs_test_turns)
set_target_properties(bench_grants PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_test(NAME bench_grants_smoke COMMAND bench_grants --seconds=0.3 --sessions=2)
set_tests_properties(bench_grants_smoke PROPERTIES LABELS bench TIMEOUT 60)
