# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_nal SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_nal.c LIBS gs_encoder)
