# SPDX-License-Identifier: GPL-2.0-or-later
# gs-phase: where a picture waits between an application and the encoder.
if(NOT XCB_TEST_FOUND OR NOT XCB_PRESENT_FOUND)
    message(STATUS "xcb-xtest, xcb-shm or xcb-present is missing: gs-phase is not built")
    return()
endif()
gs_program(gs-phase-app
    SOURCES bench/phase/app.c bench/phase/ways.c bench/compare/marks.c bench/compare/pixels.c
    LIBS gs_test_paint PkgConfig::GLIB PkgConfig::XCB_TEST PkgConfig::XCB_PRESENT
        PkgConfig::EGL)
gs_program(gs-phase
    SOURCES bench/phase/gs-phase.c bench/compare/marks.c
    LIBS gs_session gs_test_paint)
add_dependencies(gs-phase gs-phase-app gs-compare-app)
add_test(NAME phase_runs COMMAND gs-phase --seconds 1 fill,60 wayland)
set_tests_properties(phase_runs PROPERTIES LABELS integration TIMEOUT 60 RUN_SERIAL ON
    SKIP_RETURN_CODE 77 ENVIRONMENT "${GS_TEST_ENVIRONMENT}")
