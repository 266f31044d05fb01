# SPDX-License-Identifier: GPL-2.0-or-later
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_test(test_encoder_choice LABEL integration SOURCES integration/test_encoder_choice.c
    LIBS gs_test_support TIMEOUT 200)
add_dependencies(test_encoder_choice gs-test-app gpushare-host gpushare-session mock_cuda mock_nvenc)
set_property(TEST test_encoder_choice APPEND PROPERTY ENVIRONMENT GS_MOCK_DIR=${GS_MOCK_DIR})
