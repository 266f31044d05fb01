# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_encoder_headers LABEL unit
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encoder_headers.c LIBS gs_hardware)
gs_test(test_rate_gate LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_rate_gate.c LIBS gs_hardware)
gs_test(test_dmabuf LABEL unit SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_dmabuf.c LIBS gs_convert)
