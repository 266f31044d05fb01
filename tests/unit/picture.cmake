# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_refine LABEL unit SOURCES unit/test_refine.c LIBS gs_session)
gs_test(test_resize LABEL unit SOURCES unit/test_resize.c LIBS gs_session)
