# SPDX-License-Identifier: GPL-2.0-or-later
# gs_admin_test(NAME SCRIPT): a Python test of the administration: SCRIPT BIN_DIR DOCS_DIR.
function(gs_admin_test name script)
    add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/contract/${script}
        ${PROJECT_BINARY_DIR}/bin ${PROJECT_SOURCE_DIR}/docs)
    math(EXPR timeout "120 * ${GS_TIMEOUT_FACTOR}")
    set_tests_properties(${name} PROPERTIES LABELS contract TIMEOUT ${timeout} SKIP_RETURN_CODE 77
        ENVIRONMENT "${GS_TEST_ENVIRONMENT};PYTHONDONTWRITEBYTECODE=1")
endfunction()

gs_admin_test(admin_openapi openapi.py)
gs_admin_test(admin_hostile control_hostile.py)
gs_admin_test(admin_verbs admin_verbs.py)
