# SPDX-License-Identifier: GPL-2.0-or-later
# That the sanitizer sees races with what gs_test tells it to ignore.
if(CMAKE_C_FLAGS MATCHES "-fsanitize=thread")
    gs_test(tsan_finds_races LABEL unit SOURCES support/race.c LIBS PkgConfig::GLIB)
    set_tests_properties(tsan_finds_races PROPERTIES
        PASS_REGULAR_EXPRESSION "ThreadSanitizer: data race")
endif()

gs_test(test_alloc_failure LABEL unit TIMEOUT 120
    SOURCES unit/test_alloc_failure.c support/alloc_fail.c ${PROJECT_SOURCE_DIR}/client/pipeline.c
    LIBS gs_decode gs_record gs_receive gs_encoder gs_convert gs_common PkgConfig::PIXMAN
        ${CMAKE_DL_LIBS})
set_target_properties(test_alloc_failure PROPERTIES ENABLE_EXPORTS ON)
# Its malloc is called before a sanitizer is there.
set_source_files_properties(support/alloc_fail.c PROPERTIES COMPILE_OPTIONS -fno-sanitize=all)
# Leaks are told apart by the library that they are in, to which there are no frame pointers.
set_property(TEST test_alloc_failure APPEND PROPERTY ENVIRONMENT
    ASAN_OPTIONS=fast_unwind_on_malloc=0)
