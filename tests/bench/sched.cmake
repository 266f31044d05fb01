# SPDX-License-Identifier: GPL-2.0-or-later
# tests/bench/sched/sched, as tests the arithmetic of its figures and of its report.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
    foreach(module measure report)
        add_test(NAME sched_${module} COMMAND ${Python3_EXECUTABLE} -B -m doctest ${module}.py
            WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/bench/sched)
        set_tests_properties(sched_${module} PROPERTIES LABELS unit TIMEOUT 60)
    endforeach()
endif()
