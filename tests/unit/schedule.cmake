# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_schedule LABEL unit SOURCES unit/test_schedule.c LIBS gs_common)
