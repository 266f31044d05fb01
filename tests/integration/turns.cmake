# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_worker_turns LABEL integration SOURCES integration/test_worker_turns.c
    LIBS gs_test_worker gs_test_grants_host TIMEOUT 300)
add_dependencies(test_worker_turns gpushare-session gs-test-app pace_client)
target_compile_definitions(test_worker_turns PRIVATE PACE_CLIENT="$<TARGET_FILE:pace_client>")
