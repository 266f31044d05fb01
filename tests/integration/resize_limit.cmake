# SPDX-License-Identifier: GPL-2.0-or-later
# Every change of size once more where NVENC takes one session: from memory and from textures.
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_mock_test(test_worker_resize_limit test_worker_resize nvidia LABEL integration TIMEOUT 300
    ENVIRONMENT GS_MOCK_NVIDIA=one)
