# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages and completion: see tests/unit/manual.sh.
foreach(what man options completion)
    add_test(NAME manual_${what}
        COMMAND ${PROJECT_SOURCE_DIR}/tests/unit/manual.sh ${what} ${PROJECT_BINARY_DIR})
    set_tests_properties(manual_${what} PROPERTIES LABELS unit TIMEOUT 60 SKIP_RETURN_CODE 77)
endforeach()
