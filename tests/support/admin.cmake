# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon that administers sessions which are none.
add_library(gs_test_sessions STATIC support/fake_sessions.c support/fake_sessions_events.c)
target_link_libraries(gs_test_sessions PUBLIC gs_flags gpushare::host)
gs_program(gs-fake-daemon SOURCES support/fake_daemon.c LIBS gs_test_sessions gpushare::host)
