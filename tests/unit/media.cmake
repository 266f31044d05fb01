# SPDX-License-Identifier: GPL-2.0-or-later
gs_test(test_rtp LABEL unit SOURCES unit/test_rtp.c LIBS gs_media)
gs_test(test_rtcp LABEL unit SOURCES unit/test_rtcp.c LIBS gs_media)
gs_test(test_srtp LABEL unit SOURCES unit/test_srtp.c LIBS gs_media)
gs_test(test_packetize LABEL unit
    SOURCES unit/test_packetize.c support/nals.c
    LIBS gs_transport gs_receive)
gs_test(test_retransmit LABEL unit SOURCES unit/test_retransmit.c LIBS gs_transport)
gs_test(test_udp LABEL unit SOURCES unit/test_udp.c LIBS gs_transport)
gs_test(test_assemble LABEL unit
    SOURCES unit/test_assemble.c support/assemble_bench.c support/nals.c
    LIBS gs_transport gs_receive)
gs_test(test_assemble_network LABEL unit
    SOURCES unit/test_assemble_network.c support/assemble_bench.c support/nals.c
    LIBS gs_transport gs_receive)
gs_test(test_media_path LABEL unit TIMEOUT 120
    SOURCES unit/test_media_path.c support/relay.c support/nals.c
    LIBS gs_transport gs_receive)
