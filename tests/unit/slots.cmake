# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_slots LABEL unit SOURCES unit/test_slots.c LIBS gpushare::host)
gs_test(test_slots_property LABEL unit SOURCES unit/test_slots_property.c LIBS gpushare::host)
