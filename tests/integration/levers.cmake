# SPDX-License-Identifier: GPL-2.0-or-later
# What the desktop holds back from applications that take no turns.
set(pace_dir ${CMAKE_CURRENT_BINARY_DIR}/pace)
set(pace_xml ${WAYLAND_PROTOCOLS_DIR}/stable/xdg-shell/xdg-shell.xml)
file(MAKE_DIRECTORY ${pace_dir})
add_custom_command(OUTPUT ${pace_dir}/xdg-shell-client-protocol.h
    COMMAND ${WAYLAND_SCANNER} client-header ${pace_xml} ${pace_dir}/xdg-shell-client-protocol.h
    DEPENDS ${pace_xml} VERBATIM)
add_custom_command(OUTPUT ${pace_dir}/xdg-shell-protocol.c
    COMMAND ${WAYLAND_SCANNER} private-code ${pace_xml} ${pace_dir}/xdg-shell-protocol.c
    DEPENDS ${pace_xml} VERBATIM)
add_executable(pace_client integration/pace_client.c
    ${pace_dir}/xdg-shell-client-protocol.h ${pace_dir}/xdg-shell-protocol.c)
target_include_directories(pace_client SYSTEM PRIVATE ${pace_dir})
target_link_libraries(pace_client PRIVATE gs_flags PkgConfig::WAYLAND_CLIENT)
set_target_properties(pace_client PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

gs_test(test_levers LABEL integration TIMEOUT 180
    SOURCES integration/test_levers.c integration/source_rig.c
    LIBS gpushare::source PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::DRM PkgConfig::PNG)
add_dependencies(test_levers pace_client)
target_compile_definitions(test_levers PRIVATE PACE_CLIENT="$<TARGET_FILE:pace_client>")
