/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/receive/depacketize.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"

enum {
    TYPE_IDR = 5,
    TYPE_SPS = 7,
    TYPE_MAX_SINGLE = 23,
    TYPE_STAP_A = 24,
    TYPE_FU_A = 28,
};

#define FORBIDDEN_BIT 0x80
#define NRI_MASK 0x60
#define TYPE_MASK 0x1f
#define FU_START 0x80
#define FU_END 0x40

void gs_depacketizer_init(struct gs_depacketizer *dp)
{
    *dp = (struct gs_depacketizer){.data = g_byte_array_new()};
}

void gs_depacketizer_finish(struct gs_depacketizer *dp)
{
    g_clear_pointer(&dp->data, g_byte_array_unref);
}

void gs_depacketizer_reset(struct gs_depacketizer *dp)
{
    g_byte_array_set_size(dp->data, 0);
    dp->idr = false;
    dp->fragment = false;
}

static bool is_single(uint8_t header)
{
    uint8_t type = header & TYPE_MASK;

    return !(header & FORBIDDEN_BIT) && type && type <= TYPE_MAX_SINGLE;
}

static void begin_nal(struct gs_depacketizer *dp, uint8_t header)
{
    static const uint8_t start_code[] = {0, 0, 0, 1};

    g_byte_array_append(dp->data, start_code, sizeof(start_code));
    dp->idr |= (header & TYPE_MASK) == TYPE_IDR;
}

static int add_single(struct gs_depacketizer *dp, const uint8_t *nal, size_t size)
{
    if (!size || !is_single(nal[0]))
        return -EBADMSG;
    begin_nal(dp, nal[0]);
    g_byte_array_append(dp->data, nal, (guint)size);
    return 0;
}

static int add_aggregate(struct gs_depacketizer *dp, const uint8_t *payload, size_t size)
{
    struct gs_reader r;

    gs_reader_init(&r, payload + 1, size - 1);
    do {
        size_t n = gs_read_u16(&r);
        const uint8_t *nal = gs_read_bytes(&r, n);

        if (!nal || add_single(dp, nal, n) < 0)
            return -EBADMSG;
    } while (gs_reader_left(&r));
    return 0;
}

static int add_fragment(struct gs_depacketizer *dp, const uint8_t *payload, size_t size)
{
    bool start, end;
    uint8_t header;

    if (size < 3)
        return -EBADMSG;
    start = payload[1] & FU_START;
    end = payload[1] & FU_END;
    header = (payload[0] & NRI_MASK) | (payload[1] & TYPE_MASK);
    if (!is_single(header) || start == dp->fragment || (start && end) ||
        (dp->fragment && header != dp->header))
        return -EBADMSG;
    if (start) {
        begin_nal(dp, header);
        g_byte_array_append(dp->data, &header, 1);
        dp->header = header;
    }
    g_byte_array_append(dp->data, payload + 2, (guint)size - 2);
    dp->fragment = !end;
    return 0;
}

int gs_depacketizer_add(struct gs_depacketizer *dp, const uint8_t *payload, size_t size)
{
    uint8_t type;

    if (!size || payload[0] & FORBIDDEN_BIT)
        return -EBADMSG;
    type = payload[0] & TYPE_MASK;
    if (type == TYPE_FU_A)
        return add_fragment(dp, payload, size);
    if (dp->fragment)
        return -EBADMSG;
    if (type == TYPE_STAP_A)
        return add_aggregate(dp, payload, size);
    return add_single(dp, payload, size);
}

int gs_depacketizer_end(struct gs_depacketizer *dp, size_t *ret_size)
{
    static const uint8_t padding[GS_DEPACKETIZER_PADDING];

    if (!dp->data->len || dp->fragment)
        return -EBADMSG;
    *ret_size = dp->data->len;
    g_byte_array_append(dp->data, padding, sizeof(padding));
    return 0;
}

bool gs_depacketizer_has_sps(const uint8_t *payload, size_t size)
{
    struct gs_reader r;

    if (!size)
        return false;
    if ((payload[0] & TYPE_MASK) != TYPE_STAP_A)
        return (payload[0] & TYPE_MASK) == TYPE_SPS;
    gs_reader_init(&r, payload + 1, size - 1);
    while (gs_reader_left(&r)) {
        size_t n = gs_read_u16(&r);
        const uint8_t *nal = gs_read_bytes(&r, n);

        if (!nal || !n)
            return false;
        if ((nal[0] & TYPE_MASK) == TYPE_SPS)
            return true;
    }
    return false;
}
