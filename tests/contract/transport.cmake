# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_transport LABEL contract
    SOURCES contract/test_transport.c support/nals.c
    LIBS gs_transport gs_receive)
