# SPDX-License-Identifier: GPL-2.0-or-later
add_test(NAME metrics_live COMMAND ${PROJECT_SOURCE_DIR}/tests/integration/metrics_live.py
    ${PROJECT_BINARY_DIR}/bin ${PROJECT_SOURCE_DIR})
math(EXPR timeout "180 * ${GS_TIMEOUT_FACTOR}")
set_tests_properties(metrics_live PROPERTIES LABELS integration TIMEOUT ${timeout} RUN_SERIAL ON
    SKIP_RETURN_CODE 77 ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
