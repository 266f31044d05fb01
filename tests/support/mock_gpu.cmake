# SPDX-License-Identifier: GPL-2.0-or-later
# Mock devices, found in GS_MOCK_DIR by the environment that support/with_mock_gpu sets.
include_guard()
set(GS_MOCK_DIR ${PROJECT_BINARY_DIR}/tests/mock)

# gs_mock(NAME FILE SOURCES… LIBS…): the shared library FILE.
function(gs_mock name file)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_library(${name} MODULE ${A_SOURCES})
    target_link_libraries(${name} PRIVATE gs_flags ${A_LIBS})
    # Like drivers, they stay: what they count would be forgotten else.
    target_link_options(${name} PRIVATE -Wl,-z,nodelete)
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX "" OUTPUT_NAME ${file} LIBRARY_OUTPUT_DIRECTORY ${GS_MOCK_DIR})
endfunction()

# gs_mock_test(NAME PROGRAM KINDS LABEL label [ENVIRONMENT NAME=VALUE…] [TIMEOUT s]): the test
# program of that name once more, on mock devices.
function(gs_mock_test name program kinds)
    cmake_parse_arguments(A "" "LABEL;TIMEOUT" "ENVIRONMENT" ${ARGN})
    add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/support/with_mock_gpu
        ${GS_MOCK_DIR} ${kinds} $<TARGET_FILE:${program}>)
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 60)
    endif()
    # The later one of a variable that stands twice counts.
    set(environment ${GS_TEST_ENVIRONMENT} ${A_ENVIRONMENT})
    if(TEST ${program})
        get_test_property(${program} ENVIRONMENT all)
        list(APPEND environment ${all})
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${A_LABEL}" TIMEOUT ${A_TIMEOUT}
        SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
endfunction()

gs_mock(mock_va mock_drv_video.so
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/mock/mock_va.c ${CMAKE_CURRENT_LIST_DIR}/mock/mock_va_encode.c ${CMAKE_CURRENT_LIST_DIR}/mock/mock_va_surface.c
    LIBS PkgConfig::GLIB PkgConfig::VA PkgConfig::DRM)
gs_mock(mock_drm mock_drm.so SOURCES ${CMAKE_CURRENT_LIST_DIR}/mock/mock_drm.c LIBS PkgConfig::DRM)
gs_mock(mock_cuda libcuda.so.1 SOURCES ${CMAKE_CURRENT_LIST_DIR}/mock/mock_cuda.c
    LIBS PkgConfig::GLIB PkgConfig::EGL PkgConfig::FFNVCODEC)
gs_mock(mock_nvenc libnvidia-encode.so.1 SOURCES ${CMAKE_CURRENT_LIST_DIR}/mock/mock_nvenc.c
    LIBS PkgConfig::GLIB PkgConfig::X264 PkgConfig::FFNVCODEC)
gs_mock(mock_nvml libnvidia-ml.so.1 SOURCES ${CMAKE_CURRENT_LIST_DIR}/mock/mock_nvml.c
    LIBS PkgConfig::GLIB)
