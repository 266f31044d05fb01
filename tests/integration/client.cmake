# SPDX-License-Identifier: GPL-2.0-or-later
# The client against a host of the test's own.
gs_library(test_fake_host
    SOURCES support/fake_host.c
    LIBS gpushare::host gs_transport gs_encoder gs_test_support)
foreach(part client client_reconnect client_window)
    gs_test(test_${part} LABEL integration
        SOURCES integration/test_${part}.c integration/client_checks.c integration/client_program.c
        LIBS gs_test_fake_host TIMEOUT 300)
    add_dependencies(test_${part} gpushare-client)
endforeach()
if(GS_LEAN)
    target_compile_definitions(test_client PRIVATE GS_LEAN=1)
else()
    target_compile_definitions(test_client PRIVATE GS_LEAN=0)
endif()
# SDL unloads what leaks (Mesa, D-Bus, X11) before the leaks are told, so they have no names.
set_property(TEST test_client_window APPEND PROPERTY ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
