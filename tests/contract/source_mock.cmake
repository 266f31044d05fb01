# SPDX-License-Identifier: GPL-2.0-or-later
# Changes of size where the hardware takes one session.
include(${CMAKE_CURRENT_LIST_DIR}/../support/mock_gpu.cmake)
gs_mock_test(test_parts_mock_nvidia test_parts nvidia LABEL contract)
