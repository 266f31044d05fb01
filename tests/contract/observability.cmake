# SPDX-License-Identifier: GPL-2.0-or-later
add_test(NAME metrics_text COMMAND ${PROJECT_SOURCE_DIR}/tests/contract/metrics.py
    ${PROJECT_BINARY_DIR}/bin ${PROJECT_SOURCE_DIR})
math(EXPR timeout "120 * ${GS_TIMEOUT_FACTOR}")
set_tests_properties(metrics_text PROPERTIES LABELS contract TIMEOUT ${timeout}
    SKIP_RETURN_CODE 77 ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
