# SPDX-License-Identifier: GPL-2.0-or-later
# Whole parts, driven by a list of operations.
gs_fuzz(fuzz_assemble SOURCES fuzz/fuzz_assemble.c LIBS gs_receive gs_transport)
gs_fuzz(fuzz_decode SOURCES fuzz/fuzz_decode.c LIBS gs_decode)
gs_fuzz(fuzz_feedback SOURCES fuzz/fuzz_feedback.c LIBS gs_transport)
gs_fuzz(fuzz_packetize SOURCES fuzz/fuzz_packetize.c LIBS gs_receive gs_transport)
gs_fuzz(fuzz_receiver SOURCES fuzz/fuzz_receiver.c LIBS gs_receive)
gs_fuzz(fuzz_script SOURCES fuzz/fuzz_script.c LIBS gpushare::client_parts)
gs_fuzz(fuzz_tickets SOURCES fuzz/fuzz_tickets.c LIBS gpushare::host)
gs_fuzz(fuzz_viewer SOURCES fuzz/fuzz_viewer.c LIBS gs_session)
gs_fuzz(fuzz_x11_lock SOURCES fuzz/fuzz_x11_lock.c LIBS gpushare::host)
# Behind TLS.
gs_fuzz(fuzz_door SOURCES fuzz/fuzz_door.c support/null_tls.c LIBS gpushare::host)
gs_fuzz(fuzz_connection
    SOURCES fuzz/fuzz_connection.c support/null_tls.c ${PROJECT_SOURCE_DIR}/client/connection.c
    LIBS gpushare::common)
