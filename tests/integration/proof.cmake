# SPDX-License-Identifier: GPL-2.0-or-later
# Applications that do everything that they should not, in a session with one that works.
set(wild_dir ${CMAKE_CURRENT_BINARY_DIR}/wild)
set(wild_protocols)
file(MAKE_DIRECTORY ${wild_dir})
foreach(name xdg-shell viewporter)
    set(xml ${WAYLAND_PROTOCOLS_DIR}/stable/${name}/${name}.xml)
    add_custom_command(
        OUTPUT ${wild_dir}/${name}-client-protocol.h ${wild_dir}/${name}-protocol.c
        COMMAND ${WAYLAND_SCANNER} client-header ${xml} ${wild_dir}/${name}-client-protocol.h
        COMMAND ${WAYLAND_SCANNER} private-code ${xml} ${wild_dir}/${name}-protocol.c
        DEPENDS ${xml} VERBATIM)
    list(APPEND wild_protocols
        ${wild_dir}/${name}-client-protocol.h ${wild_dir}/${name}-protocol.c)
endforeach()
gs_program(hostile_app
    SOURCES integration/hostile_app.c integration/hostile_buffers.c integration/hostile_surfaces.c
        integration/hostile_windows.c integration/hostile_syncs.c support/wayland_globals.c
        ${wild_protocols}
    LIBS PkgConfig::WAYLAND_CLIENT)
target_include_directories(hostile_app SYSTEM PRIVATE ${wild_dir})
gs_program(hostile_x11 SOURCES integration/hostile_x11.c LIBS PkgConfig::XCB)
set_target_properties(hostile_app hostile_x11 PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
gs_test(test_hostile LABEL integration TIMEOUT 600
    SOURCES integration/test_hostile.c LIBS gs_test_support)
target_compile_definitions(test_hostile PRIVATE HOSTILE_APP="$<TARGET_FILE:hostile_app>"
    HOSTILE_X11="$<TARGET_FILE:hostile_x11>")
add_dependencies(test_hostile hostile_app hostile_x11 gs-test-app gpushare-host gpushare-session
    gpushare-client)

# What others make of our stream.
gs_test(test_conformance LABEL integration TIMEOUT 200
    SOURCES integration/test_conformance.c integration/media_tap.c support/pcap.c
    LIBS gs_test_support gs_test_control gs_receive gs_decode gs_encoder)
add_dependencies(test_conformance gs-test-app gpushare-host gpushare-session gpushare-client)
