# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's own Python first: that is the one which scripts/deps gives its modules to.
find_program(GS_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(GS_PYTHON3 python3)
if(GS_PYTHON3)
    gs_test(test_stranger LABEL integration TIMEOUT 300
        SOURCES integration/test_stranger.c LIBS gs_test_fake_host)
    target_compile_definitions(test_stranger PRIVATE PYTHON="${GS_PYTHON3}")
    add_dependencies(test_stranger gs-test-app gpushare-host gpushare-session)
endif()
