/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bytes.h"
#include "common/macros.h"

static void test_write_read_roundtrip(void **state)
{
    uint8_t buf[18];
    struct gs_writer w;
    struct gs_reader r;

    (void)state;
    gs_writer_init(&w, buf, sizeof(buf));
    gs_write_u8(&w, 0x12);
    gs_write_u16(&w, 0x3456);
    gs_write_u32(&w, 0x789abcde);
    gs_write_u64(&w, UINT64_C(0xf0debc9a78563412));
    gs_write_bytes(&w, "end", 3);
    assert_false(w.overrun);
    assert_int_equal(w.pos, sizeof(buf));
    assert_int_equal(buf[1], 0x34); /* big endian */

    gs_reader_init(&r, buf, sizeof(buf));
    assert_int_equal(gs_read_u8(&r), 0x12);
    assert_int_equal(gs_read_u16(&r), 0x3456);
    assert_int_equal(gs_read_u32(&r), 0x789abcde);
    assert_true(gs_read_u64(&r) == UINT64_C(0xf0debc9a78563412));
    assert_int_equal(gs_reader_left(&r), 3);
    assert_memory_equal(gs_read_bytes(&r, 3), "end", 3);
    assert_false(r.overrun);
}

static void test_read_overrun_stays(void **state)
{
    const uint8_t buf[] = {1, 2, 3};
    struct gs_reader r;

    (void)state;
    gs_reader_init(&r, buf, sizeof(buf));
    assert_int_equal(gs_read_u32(&r), 0);
    assert_true(r.overrun);
    assert_int_equal(gs_read_u8(&r), 0);
    assert_null(gs_read_bytes(&r, 1));
    assert_int_equal(gs_reader_left(&r), 0);
    gs_reader_init(&r, buf, sizeof(buf));
    assert_null(gs_read_bytes(&r, SIZE_MAX));
}

static void test_write_overrun_leaves_the_rest(void **state)
{
    uint8_t buf[4] = {0, 0, 0, 0xee};
    struct gs_writer w;

    (void)state;
    gs_writer_init(&w, buf, 3);
    gs_write_u16(&w, 0xffff);
    gs_write_u16(&w, 0xffff);
    gs_write_u8(&w, 0xff);
    assert_true(w.overrun);
    assert_int_equal(w.pos, 2);
    assert_int_equal(buf[2], 0);
    assert_int_equal(buf[3], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_read_roundtrip),
        cmocka_unit_test(test_read_overrun_stays),
        cmocka_unit_test(test_write_overrun_leaves_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
