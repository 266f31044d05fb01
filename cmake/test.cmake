# SPDX-License-Identifier: GPL-2.0-or-later
# Sanitizers make everything slower by this much; limits against hanging grow with it.
set(GS_TIMEOUT_FACTOR 1 CACHE STRING "Multiplies the time that tests may take")

# intercept_tls_get_addr: the leak sanitizer of GCC 12 crashes on thread-local storage of libraries
# that were loaded at run time.
set(GS_TEST_ENVIRONMENT
    "GS_BIN_DIR=${PROJECT_BINARY_DIR}/bin"
    "GS_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0:intercept_tls_get_addr=0"
    "TSAN_OPTIONS=ignore_noninstrumented_modules=1:suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp")

# gs_test(NAME LABEL label SOURCES… LIBS… [TIMEOUT s]): a cmocka program and its ctest entry. It
# runs with GS_BIN_DIR (the programs) and GS_SOURCE_DIR set. Exit status 77 means skipped.
#
# ThreadSanitizer looks at what code of ours touches. GLib, GnuTLS and Mesa are not built with it
# and synchronise in ways that it cannot see. Threads, locks and descriptors are seen everywhere.
function(gs_test name)
    cmake_parse_arguments(A "" "LABEL;TIMEOUT" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE gs_flags ${A_LIBS} PkgConfig::CMOCKA)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 60)
    endif()
    math(EXPR A_TIMEOUT "${A_TIMEOUT} * ${GS_TIMEOUT_FACTOR}")
    set_tests_properties(${name} PROPERTIES
        LABELS "${A_LABEL}" TIMEOUT ${A_TIMEOUT} SKIP_RETURN_CODE 77
        ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
    if(A_LABEL STREQUAL "integration")
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

# gs_fuzz(NAME SOURCES… LIBS…): tests/fuzz/NAME.c with its seeds in tests/fuzz/corpus/NAME. With
# GS_FUZZ a libFuzzer program; otherwise a program that runs each seed once. Both run in ctest.
function(gs_fuzz name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(GS_FUZZ)
        add_executable(${name} ${A_SOURCES})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name} COMMAND ${name} -runs=0 ${corpus})
    else()
        add_executable(${name} ${A_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/fuzz_replay.c)
        add_test(NAME ${name} COMMAND ${name} ${corpus})
    endif()
    target_link_libraries(${name} PRIVATE gs_flags ${A_LIBS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 60)
endfunction()
