# SPDX-License-Identifier: GPL-2.0-or-later
# The scheduler's thread, with made-up workers at the other end of its pages.
gs_test(test_grants LABEL integration SOURCES integration/test_grants.c support/tree.c
    LIBS gs_test_turns TIMEOUT 300)
gs_test(test_grants_hostile LABEL integration SOURCES integration/test_grants_hostile.c
    LIBS gs_test_turns TIMEOUT 300)
gs_test(test_sessions_grants LABEL integration TIMEOUT 180
    SOURCES integration/test_sessions_grants.c support/fake_turns.c LIBS gs_test_daemon)
add_dependencies(test_sessions_grants gpushare-keeper gs-fake-worker)
