# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_sessions_shares LABEL integration
    SOURCES integration/test_sessions_shares.c LIBS gs_test_daemon TIMEOUT 120)
add_dependencies(test_sessions_shares gs-fake-worker gpushare-keeper)
