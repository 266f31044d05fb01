# SPDX-License-Identifier: GPL-2.0-or-later
# On mock devices only: without one there is no surface to draw into.
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
add_executable(test_convert_surface
    gl/test_convert_surface.c support/codec_pairs.c support/codec_scene.c)
target_link_libraries(test_convert_surface PRIVATE gs_test_convert gs_encoder gs_decode m)
set_target_properties(test_convert_surface PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
# Mesa's, as for the rest of the label.
gs_mock_test(test_convert_surface_mock_nvidia test_convert_surface nvidia LABEL gl
    ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
gs_mock_test(test_convert_surface_mock_va test_convert_surface va LABEL gl
    ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
