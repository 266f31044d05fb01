# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_h264 LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_h264.c LIBS gs_encoder)
gs_test(test_snapshot LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_snapshot.c LIBS gs_decode)
