# SPDX-License-Identifier: GPL-2.0-or-later
# gs-test-app: the application that the end-to-end tests and measurements stream.
set(xdg_shell ${WAYLAND_PROTOCOLS_DIR}/stable/xdg-shell/xdg-shell.xml)
set(generated ${PROJECT_BINARY_DIR}/generated/tests)
file(MAKE_DIRECTORY ${generated})
add_custom_command(OUTPUT ${generated}/xdg-shell-client.h ${generated}/xdg-shell.c
    COMMAND ${WAYLAND_SCANNER} client-header ${xdg_shell} ${generated}/xdg-shell-client.h
    COMMAND ${WAYLAND_SCANNER} private-code ${xdg_shell} ${generated}/xdg-shell.c
    DEPENDS ${xdg_shell} VERBATIM)

add_library(gs_test_paint STATIC apps/paint.c)
target_link_libraries(gs_test_paint PUBLIC gs_flags)

gs_program(gs-test-app
    SOURCES apps/gs-test-app.c apps/app_input.c apps/app_modes.c apps/app_options.c apps/app_window.c
        ${generated}/xdg-shell.c ${generated}/xdg-shell-client.h
    LIBS gs_test_paint PkgConfig::GLIB PkgConfig::WAYLAND_CLIENT PkgConfig::XKBCOMMON)
target_include_directories(gs-test-app PRIVATE ${generated})
