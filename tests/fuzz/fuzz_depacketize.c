/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary packets into the assembler. The input is a list of records: u8 flags (bit 0 marker,
 * bit 1 time passes, bit 2 poll), i8 step of the sequence number, u8 step of the frame id, u8 size,
 * payload. */
#undef NDEBUG /* the assertions are what it checks */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "client/receive/assemble.h"
#include "client/receive/depacketize.h"
#include "common/bytes.h"
#include "common/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *user, const struct gs_access_unit *au)
{
    uint8_t *sum = user;

    assert(au->size);
    for (size_t i = 0; i < au->size; i++)
        *sum ^= au->data[i];
    for (size_t i = 0; i < GS_DEPACKETIZER_PADDING; i++)
        assert(au->data[au->size + i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gs_receiver_listener listener = {.access_unit = take};
    struct gs_rtp_packet p = {.payload_type = 96, .has_frame = true};
    struct gs_assembler_report report;
    struct gs_assembler_wish wish;
    uint64_t now = GS_NS_PER_S;
    struct gs_assembler *as;
    struct gs_reader r;
    uint8_t sum = 0;

    as = gs_assembler_create(&listener, &sum, now);
    gs_reader_init(&r, data, size);
    while (gs_reader_left(&r) >= 4) {
        uint8_t flags = gs_read_u8(&r);

        p.seq = (uint16_t)(p.seq + (int8_t)gs_read_u8(&r));
        p.frame_id += gs_read_u8(&r);
        p.payload_size = gs_read_u8(&r);
        p.payload_size = GS_MIN(p.payload_size, gs_reader_left(&r));
        p.payload = gs_read_bytes(&r, p.payload_size);
        p.marker = flags & 1;
        now += flags & 2 ? 7 * GS_NS_PER_MS : 0;
        gs_assembler_push(as, &p, now);
        if (flags & 4)
            gs_assembler_poll(as, now, &wish);
    }
    gs_assembler_report(as, &report);
    gs_assembler_destroy(as);
    return 0;
}
