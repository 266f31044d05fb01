# SPDX-License-Identifier: GPL-2.0-or-later
gs_library(test_grants_host SOURCES support/grants_host.c LIBS gs_common)
