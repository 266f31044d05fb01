# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_keyframes LABEL unit SOURCES unit/test_keyframes.c LIBS gs_session)
gs_test(test_places LABEL unit SOURCES unit/test_places.c LIBS gs_session)
gs_test(test_streams LABEL unit SOURCES unit/test_streams.c support/nals.c LIBS gs_transport)
