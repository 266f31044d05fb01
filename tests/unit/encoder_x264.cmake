# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_x264_rate LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_x264_rate.c
    LIBS gs_encoder m)
gs_test(test_x264_frame_num LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_x264_frame_num.c
    LIBS gs_encoder)
gs_test(test_x264_entropy LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_x264_entropy.c
    LIBS gs_encoder)
