# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/bench/compare/compare runs: the application that all systems show, and the probe that
# looks at their viewers' screens.
if(NOT XCB_TEST_FOUND)
    message(STATUS "xcb-xtest or xcb-shm is missing: tests/bench/compare is not built")
    return()
endif()
gs_program(gs-compare-app
    SOURCES bench/compare/app.c bench/compare/app_x11.c bench/compare/app_wayland.c
        bench/compare/app_3d.c bench/compare/marks.c bench/compare/pixels.c
        ${generated}/xdg-shell.c ${generated}/xdg-shell-client.h
    LIBS gs_test_paint PkgConfig::GLIB PkgConfig::WAYLAND_CLIENT PkgConfig::XCB_TEST
        PkgConfig::EGL m)
target_include_directories(gs-compare-app PRIVATE ${generated})
add_dependencies(gs-compare-app gs-test-app) # makes the protocol's files
gs_program(gs-compare-probe
    SOURCES bench/compare/probe.c bench/compare/screen.c bench/compare/ssim.c
        bench/compare/marks.c bench/compare/pixels.c
    LIBS gs_test_paint PkgConfig::GLIB PkgConfig::XCB_TEST)

gs_test(test_compare LABEL unit
    SOURCES bench/compare/test_compare.c bench/compare/marks.c bench/compare/ssim.c
    LIBS gs_test_paint PkgConfig::GLIB m)

# As tests, the arithmetic of the report, and a moment of everything but the peers.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
    add_test(NAME compare_report COMMAND ${Python3_EXECUTABLE} -B -m doctest report.py
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/bench/compare)
    set_tests_properties(compare_report PROPERTIES LABELS unit TIMEOUT 60)
    add_test(NAME compare_runs COMMAND ${Python3_EXECUTABLE} bench/compare/compare --quick
        --systems bare,gpushare --scenes click,scroll --bin ${PROJECT_BINARY_DIR}/bin
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests)
    set_tests_properties(compare_runs PROPERTIES LABELS integration TIMEOUT 120 RUN_SERIAL ON
        ENVIRONMENT "${GS_TEST_ENVIRONMENT}"
        SKIP_RETURN_CODE 77)
endif()
