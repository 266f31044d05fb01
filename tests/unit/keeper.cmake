# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_keeper_json LABEL unit SOURCES unit/test_keeper_json.c LIBS gpushare::host)
gs_test(test_remove_tree LABEL unit SOURCES unit/test_remove_tree.c LIBS gpushare::host gs_test_support)
gs_test(test_cgroup_session LABEL unit SOURCES unit/test_cgroup_session.c
    LIBS gpushare::host gs_test_support)
