# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_keeper_json SOURCES fuzz/fuzz_keeper_json.c LIBS gpushare::host)
