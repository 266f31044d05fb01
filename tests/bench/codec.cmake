# SPDX-License-Identifier: GPL-2.0-or-later
gs_program(bench_encode
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/encode.c ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/ssim.c
    LIBS gs_encoder gs_decode m)
set_target_properties(bench_encode PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_test(NAME bench_encode_smoke
    COMMAND bench_encode --frames=5 --width=320 --height=240)
set_tests_properties(bench_encode_smoke PROPERTIES LABELS bench TIMEOUT 60
    ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
add_test(NAME bench_encode_turns
    COMMAND bench_encode --frames=5 --width=320 --height=240 --config=effort=0 --config=effort=2)
set_tests_properties(bench_encode_turns PROPERTIES LABELS bench TIMEOUT 60 ENVIRONMENT "${GS_TEST_ENVIRONMENT}"
    PASS_REGULAR_EXPRESSION "effort.: 0.*effort.: 2")
