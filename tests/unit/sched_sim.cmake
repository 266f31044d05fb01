# SPDX-License-Identifier: GPL-2.0-or-later
# The programs of tests/bench/sched-sim themselves, and the policy in them.
gs_test(test_sched_sim LABEL unit SOURCES unit/test_sched_sim.c LIBS gs_sched_sim)
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/tests/sched-sim)
    add_test(NAME sched_sim_runs
        COMMAND gs-sched-sim --scenario e3-* --policy shares --policy off --seeds 1 --sessions
            --json ${PROJECT_BINARY_DIR}/tests/sched-sim/all.json
            --svg ${PROJECT_BINARY_DIR}/tests/sched-sim)
    set_tests_properties(sched_sim_runs PROPERTIES LABELS unit TIMEOUT 60
        ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
endif()
foreach(wrong --policy\;none --seeds\;0 --scenario\;none --search\;1\;--svg\;. word)
    string(REGEX REPLACE "[^a-z]+" "_" name "_${wrong}")
    add_test(NAME sched_sim_refuses${name} COMMAND gs-sched-sim ${wrong})
    set_tests_properties(sched_sim_refuses${name} PROPERTIES LABELS unit TIMEOUT 60
        PASS_REGULAR_EXPRESSION "gs-sched-sim: .*Try --help")
endforeach()
