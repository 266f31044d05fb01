# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_meter LABEL contract SOURCES contract/test_meter.c contract/meter_worlds.c
    support/tree.c LIBS gpushare::host)
gs_test(test_meter_cpu LABEL contract SOURCES contract/test_meter_cpu.c LIBS gpushare::host)
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_test(test_meter_nvml LABEL contract SOURCES contract/test_meter_nvml.c support/tree.c
    LIBS gpushare::host)
add_dependencies(test_meter_nvml mock_nvml)
set_property(TEST test_meter_nvml APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${GS_MOCK_DIR})
