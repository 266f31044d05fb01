# SPDX-License-Identifier: GPL-2.0-or-later
# Several viewers of one session.
gs_test(test_viewers LABEL integration TIMEOUT 300
    SOURCES integration/test_viewers.c support/worker_client.c support/relay.c
    LIBS gs_test_worker)
add_dependencies(test_viewers gs-test-app gpushare-session)
