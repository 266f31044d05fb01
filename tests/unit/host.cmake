# SPDX-License-Identifier: GPL-2.0-or-later
foreach(module budget run_options runtime_dir tickets x11_lock)
    gs_test(test_${module} LABEL unit SOURCES unit/test_${module}.c LIBS gpushare::host)
endforeach()
