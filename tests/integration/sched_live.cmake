# SPDX-License-Identifier: GPL-2.0-or-later
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
    add_test(NAME sched_live COMMAND ${Python3_EXECUTABLE} integration/sched_live.py
        ${PROJECT_BINARY_DIR}/bin
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests)
    set_tests_properties(sched_live PROPERTIES LABELS integration TIMEOUT 300 RUN_SERIAL ON
        ENVIRONMENT "${GS_TEST_ENVIRONMENT}" SKIP_RETURN_CODE 77)
endif()
