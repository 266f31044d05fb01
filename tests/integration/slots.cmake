# SPDX-License-Identifier: GPL-2.0-or-later
# Workers that share what the mock of NVENC has, with the test as their host.
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_test(test_encoder_slots LABEL integration SOURCES integration/test_encoder_slots.c
    LIBS gs_test_worker gpushare::host TIMEOUT 300)
add_dependencies(test_encoder_slots gpushare-session gs-test-app mock_cuda mock_nvenc)
set_property(TEST test_encoder_slots APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${GS_MOCK_DIR})
