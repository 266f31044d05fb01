# SPDX-License-Identifier: GPL-2.0-or-later
# That the sanitizer sees races with what gs_test tells it to ignore.
if(CMAKE_C_FLAGS MATCHES "-fsanitize=thread")
    gs_test(tsan_finds_races LABEL unit SOURCES support/race.c LIBS PkgConfig::GLIB)
    set_tests_properties(tsan_finds_races PROPERTIES
        PASS_REGULAR_EXPRESSION "ThreadSanitizer: data race")
endif()
