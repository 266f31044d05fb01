# SPDX-License-Identifier: GPL-2.0-or-later
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
    add_test(NAME test_sched_plot
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/unit/test_sched_plot.py)
    set_tests_properties(test_sched_plot PROPERTIES LABELS unit TIMEOUT 60
        ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
endif()
