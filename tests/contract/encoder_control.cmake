# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_codec_control LABEL contract
    SOURCES
        ${CMAKE_CURRENT_LIST_DIR}/test_codec_control.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/codec_pairs.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c
        ${CMAKE_CURRENT_LIST_DIR}/../support/ssim.c
    LIBS gs_encoder gs_decode m)
