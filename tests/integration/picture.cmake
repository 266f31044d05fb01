# SPDX-License-Identifier: GPL-2.0-or-later
# What arrives: sizes, colours, sharpness.
foreach(part worker_resize picture_quality)
    gs_test(test_${part} LABEL integration TIMEOUT 300
        SOURCES integration/test_${part}.c LIBS gs_test_worker PkgConfig::XCB)
    add_dependencies(test_${part} gs-test-app gpushare-session)
endforeach()
