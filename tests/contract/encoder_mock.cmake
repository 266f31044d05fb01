# SPDX-License-Identifier: GPL-2.0-or-later
# The contract of all encoders once more, where hardware ones seem to be.
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_mock_test(test_codec_mock_va test_codec va LABEL contract)
gs_mock_test(test_codec_mock_va_nopacked test_codec va LABEL contract
    ENVIRONMENT GS_MOCK_VA=nopacked,noderive)
gs_mock_test(test_codec_errors_mock_va test_codec_errors va LABEL contract)
gs_mock_test(test_codec_mock_va_poor test_codec va LABEL contract
    ENVIRONMENT GS_MOCK_VA=cqponly,noexport,lowpower,lpfails)

gs_test(test_encoder_refusals LABEL contract
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encoder_refusals.c LIBS gs_encoder)
gs_mock_test(test_encoder_refusals_mock_va test_encoder_refusals va LABEL contract)
gs_mock_test(test_codec_mock_nvidia test_codec nvidia LABEL contract
    ENVIRONMENT GS_MOCK_NVIDIA=one)
gs_mock_test(test_codec_errors_mock_nvidia test_codec_errors nvidia LABEL contract)
gs_mock_test(test_encoder_refusals_mock_nvidia test_encoder_refusals nvidia LABEL contract)

add_executable(test_encoder_surface ${CMAKE_CURRENT_LIST_DIR}/test_encoder_surface.c
    ${CMAKE_CURRENT_LIST_DIR}/../support/codec_pairs.c
    ${CMAKE_CURRENT_LIST_DIR}/../support/codec_scene.c)
target_link_libraries(test_encoder_surface PRIVATE gs_flags gs_encoder gs_decode PkgConfig::DRM PkgConfig::CMOCKA m)
set_target_properties(test_encoder_surface PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
gs_mock_test(test_encoder_surface_mock_va test_encoder_surface va LABEL contract)
