# SPDX-License-Identifier: GPL-2.0-or-later
# The client's side of a control connection, and a worker that only speaks the link.
add_library(gs_test_control STATIC support/control_client.c)
target_link_libraries(gs_test_control PUBLIC gs_flags gpushare::common)
gs_program(gs-fake-worker SOURCES support/fake_worker.c support/fake_turns.c
    LIBS gpushare::common)
