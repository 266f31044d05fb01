# SPDX-License-Identifier: GPL-2.0-or-later
gs_program(bench_viewers
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/viewers.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/worker_client.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/relay.c
    LIBS gs_test_worker)
set_target_properties(bench_viewers PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_dependencies(bench_viewers gs-test-app gpushare-session)
add_test(NAME bench_viewers_smoke
    COMMAND bench_viewers --repeats=1 --seconds=0.2 --width=320 --height=240)
set_tests_properties(bench_viewers_smoke PROPERTIES LABELS bench TIMEOUT 120
    ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
gs_program(bench_send
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/send.c ${CMAKE_CURRENT_LIST_DIR}/../support/nals.c
    LIBS gs_transport gs_receive)
set_target_properties(bench_send PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_test(NAME bench_send_smoke COMMAND bench_send --frames=3 --repeats=1)
set_tests_properties(bench_send_smoke PROPERTIES LABELS bench TIMEOUT 60)
