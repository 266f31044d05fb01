# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_codec LABEL contract
    SOURCES
        ${CMAKE_CURRENT_LIST_DIR}/test_codec.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/codec_pairs.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c
    LIBS gs_encoder gs_decode m)
gs_test(test_codec_errors LABEL contract
    SOURCES
        ${CMAKE_CURRENT_LIST_DIR}/test_codec_errors.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/codec_pairs.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c
    LIBS gs_encoder gs_decode m)
if(NOT GS_LEAN)
    gs_test(test_record LABEL contract
        SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_record.c ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c
        LIBS gs_encoder gs_record m)
endif()
