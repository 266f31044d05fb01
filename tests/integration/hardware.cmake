# SPDX-License-Identifier: GPL-2.0-or-later
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_test(test_hardware LABEL integration SOURCES integration/test_hardware.c LIBS gs_test_support
    TIMEOUT 200)
add_dependencies(test_hardware gs-test-app gpushare-host gpushare-session gpushare-client
    mock_va mock_drm mock_cuda mock_nvenc)
set_property(TEST test_hardware APPEND PROPERTY ENVIRONMENT GS_MOCK_DIR=${GS_MOCK_DIR})
