# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_desktop LABEL integration TIMEOUT 180
    SOURCES integration/test_desktop.c integration/source_rig.c
    LIBS gpushare::source PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::DRM PkgConfig::PNG
        PkgConfig::XKBCOMMON)

set(xdg_shell ${WAYLAND_PROTOCOLS_DIR}/stable/xdg-shell/xdg-shell.xml)
set(hostile_dir ${CMAKE_CURRENT_BINARY_DIR}/hostile)
file(MAKE_DIRECTORY ${hostile_dir})
add_custom_command(OUTPUT ${hostile_dir}/xdg-shell-client-protocol.h
    COMMAND ${WAYLAND_SCANNER} client-header ${xdg_shell}
        ${hostile_dir}/xdg-shell-client-protocol.h
    DEPENDS ${xdg_shell} VERBATIM)
add_custom_command(OUTPUT ${hostile_dir}/xdg-shell-protocol.c
    COMMAND ${WAYLAND_SCANNER} private-code ${xdg_shell} ${hostile_dir}/xdg-shell-protocol.c
    DEPENDS ${xdg_shell} VERBATIM)
add_executable(hostile_client integration/hostile_client.c support/wayland_globals.c
    ${hostile_dir}/xdg-shell-client-protocol.h ${hostile_dir}/xdg-shell-protocol.c)
target_include_directories(hostile_client SYSTEM PRIVATE ${hostile_dir})
target_link_libraries(hostile_client PRIVATE gs_flags PkgConfig::WAYLAND_CLIENT)
set_target_properties(hostile_client PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
add_dependencies(test_desktop hostile_client)
target_compile_definitions(test_desktop PRIVATE HOSTILE="$<TARGET_FILE:hostile_client>")
