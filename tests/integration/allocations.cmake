# SPDX-License-Identifier: GPL-2.0-or-later
# The sanitizers have an allocator of their own.
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    add_library(gs_alloc_counter MODULE support/alloc_counter.c)
    target_link_libraries(gs_alloc_counter PRIVATE gs_flags PkgConfig::GLIB ${CMAKE_DL_LIBS})
    gs_test(test_allocations LABEL integration SOURCES integration/test_allocations.c
        LIBS gs_test_support TIMEOUT 200)
    target_compile_definitions(test_allocations PRIVATE
        GS_ALLOC_COUNTER="$<TARGET_FILE:gs_alloc_counter>")
    add_dependencies(test_allocations gs_alloc_counter gs-test-app gpushare-host gpushare-session
        gpushare-client)
endif()
