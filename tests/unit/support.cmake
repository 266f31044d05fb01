# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_support LABEL unit SOURCES unit/test_support.c LIBS gs_test_support)
