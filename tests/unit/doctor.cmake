# SPDX-License-Identifier: GPL-2.0-or-later
foreach(module check command)
    gs_test(test_${module} LABEL unit SOURCES unit/test_${module}.c LIBS gpushare::common)
endforeach()
gs_test(test_cgroup LABEL unit SOURCES unit/test_cgroup.c LIBS gpushare::host)
