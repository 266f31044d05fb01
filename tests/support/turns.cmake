# SPDX-License-Identifier: GPL-2.0-or-later
# Made-up workers of the scheduler.
add_library(gs_test_turns STATIC support/fake_turns.c support/turns_rig.c)
target_link_libraries(gs_test_turns PUBLIC gs_flags gpushare::host)
