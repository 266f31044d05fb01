# SPDX-License-Identifier: GPL-2.0-or-later
gs_fuzz(fuzz_rtp SOURCES fuzz/fuzz_rtp.c LIBS gs_media)
gs_fuzz(fuzz_rtcp SOURCES fuzz/fuzz_rtcp.c LIBS gs_media)
gs_fuzz(fuzz_depacketize SOURCES fuzz/fuzz_depacketize.c LIBS gs_receive)
