# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of the house that a program can check: see tests/unit/house.sh.
foreach(rule includes files needed symbols)
    add_test(NAME house_${rule}
        COMMAND ${PROJECT_SOURCE_DIR}/tests/unit/house.sh ${rule} ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
    set_tests_properties(house_${rule} PROPERTIES LABELS unit TIMEOUT 60 SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME house_format COMMAND ${PROJECT_SOURCE_DIR}/scripts/lint)
set_tests_properties(house_format PROPERTIES LABELS unit TIMEOUT 60 SKIP_RETURN_CODE 77)
