# SPDX-License-Identifier: GPL-2.0-or-later
# gs-load-app: frames that cost what one wishes, for the measurements and tests of the scheduler.
gs_program(gs-load-app
    SOURCES apps/load/gs-load-app.c apps/load/load_options.c apps/load/load_gl.c
        apps/load/load_window.c apps/load/load_done.c
        ${generated}/xdg-shell.c ${generated}/xdg-shell-client.h
    LIBS PkgConfig::GLIB PkgConfig::WAYLAND_CLIENT PkgConfig::WAYLAND_EGL PkgConfig::EGL m)
target_include_directories(gs-load-app PRIVATE ${generated})
add_dependencies(gs-load-app gs-test-app) # makes the protocol's files
