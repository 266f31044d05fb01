# SPDX-License-Identifier: GPL-2.0-or-later
# tests/bench/daemon/daemon, as a test a moment of each part: that nothing is left, and that a client
# sees its session through the faults of others.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
    add_test(NAME daemon_runs COMMAND ${Python3_EXECUTABLE} bench/daemon/daemon
        --bin ${PROJECT_BINARY_DIR}/bin --repeats 2 --sessions 6 --quick --cycles 10 all
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests)
    set_tests_properties(daemon_runs PROPERTIES LABELS integration TIMEOUT 240 RUN_SERIAL ON
        ENVIRONMENT "${GS_TEST_ENVIRONMENT}" SKIP_RETURN_CODE 77)
endif()
