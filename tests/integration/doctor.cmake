# SPDX-License-Identifier: GPL-2.0-or-later
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_test(test_doctor LABEL integration TIMEOUT 300
    SOURCES integration/test_doctor.c LIBS gs_test_support util)
gs_test(test_doctor_slots LABEL integration TIMEOUT 200
    SOURCES integration/test_doctor_slots.c LIBS gs_test_support gs_common)
add_dependencies(test_doctor_slots gpushare-session mock_cuda mock_nvenc)
set_property(TEST test_doctor_slots APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${GS_MOCK_DIR})
add_dependencies(test_doctor gpushare-host gpushare-session gpushare-client)
