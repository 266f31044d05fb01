# SPDX-License-Identifier: GPL-2.0-or-later
foreach(module bytes channel histogram log proto url)
    gs_test(test_${module} LABEL unit SOURCES unit/test_${module}.c LIBS gpushare::common)
endforeach()
