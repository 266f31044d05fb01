# SPDX-License-Identifier: GPL-2.0-or-later
foreach(module door_limits state)
    gs_test(test_${module} LABEL unit SOURCES unit/test_${module}.c LIBS gpushare::host)
endforeach()
