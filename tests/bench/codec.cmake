# SPDX-License-Identifier: GPL-2.0-or-later
gs_program(bench_encode
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/encode.c ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c
    LIBS gs_encoder gs_decode m)
set_target_properties(bench_encode PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_test(NAME bench_encode_smoke
    COMMAND bench_encode --frames=5 --width=320 --height=240)
set_tests_properties(bench_encode_smoke PROPERTIES LABELS bench TIMEOUT 60)
