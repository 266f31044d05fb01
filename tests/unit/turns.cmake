# SPDX-License-Identifier: GPL-2.0-or-later
# The worker's side of the scheduler.
gs_test(test_turns_rule LABEL unit SOURCES unit/test_turns_rule.c LIBS gs_session)
gs_test(test_turns LABEL unit SOURCES unit/test_turns.c LIBS gs_session gs_test_grants_host)
gs_test(test_pipeline_turns LABEL unit SOURCES unit/test_pipeline_turns.c
    LIBS gs_session gs_test_grants_host)
