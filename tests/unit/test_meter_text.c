/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernels write in fdinfo, by driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/macros.h"
#include "host/meter_fdinfo_text.h"

#define HEAD "pos:\t0\nflags:\t0100002\nmnt_id:\t27\nino:\t605\n"

static struct gs_fdinfo f;

static bool parse(const char *text)
{
    return gs_fdinfo_parse(text, strlen(text), &f);
}

static const struct gs_fdinfo_engine *find(const char *name)
{
    for (unsigned i = 0; i < f.n_engines; i++)
        if (strcmp(f.engines[i].name, name) == 0)
            return &f.engines[i];
    return NULL;
}

static void assert_time(const char *name, uint64_t ns, uint32_t capacity)
{
    const struct gs_fdinfo_engine *e = find(name);

    assert_non_null(e);
    assert_true(e->has_time);
    assert_int_equal(e->busy_ns, ns);
    assert_int_equal(e->capacity, capacity);
}

static void test_i915(void **state)
{
    (void)state;
    assert_true(parse(HEAD "drm-driver:\ti915\ndrm-client-id:\t12\ndrm-pdev:\t0000:00:02.0\n"
                           "drm-total-system0:\t6 MiB\ndrm-engine-render:\t9288864723 ns\n"
                           "drm-engine-copy:\t2035071108 ns\ndrm-engine-video:\t5 ns\n"
                           "drm-engine-capacity-video:\t2\ndrm-engine-video-enhance:\t7 ns\n"
                           "drm-engine-capacity-compute:\t4\ndrm-engine-compute:\t44 ns\n"));
    assert_string_equal(f.driver, "i915");
    assert_string_equal(f.device, "0000:00:02.0");
    assert_int_equal(f.client, 12);
    assert_int_equal(f.n_engines, 2);
    assert_time("render", 9288864723, 1);
    assert_time("compute", 44, 4);
}

static void test_xe(void **state)
{
    const struct gs_fdinfo_engine *e;

    (void)state;
    assert_true(parse(HEAD "drm-driver:\txe\ndrm-client-id:\t4\ndrm-pdev:\t0000:03:00.0\n"
                           "drm-cycles-rcs:\t28257900\ndrm-total-cycles-rcs:\t7655183225\n"
                           "drm-cycles-bcs:\t1\ndrm-total-cycles-bcs:\t7655183225\n"
                           "drm-cycles-ccs:\t10\ndrm-total-cycles-ccs:\t7655183225\n"
                           "drm-engine-capacity-ccs:\t4\n"));
    assert_int_equal(f.n_engines, 2);
    e = find("rcs");
    assert_true(e->has_cycles && !e->has_time);
    assert_int_equal(e->cycles, 28257900);
    assert_int_equal(e->total_cycles, 7655183225);
    assert_int_equal(find("ccs")->capacity, 4);
}

static void test_others(void **state)
{
    (void)state;
    assert_true(parse("drm-driver:\tamdgpu\ndrm-client-id:\t44\ndrm-pdev:\t0000:0c:00.0\n"
                      "pasid:\t32771\ndrm-memory-vram:\t1 KiB\ndrm-engine-gfx:\t100 ns\n"
                      "drm-engine-compute:\t20 ns\ndrm-engine-dma:\t3 ns\ndrm-engine-dec:\t4 ns\n"
                      "drm-engine-enc_1:\t5 ns\n"));
    assert_int_equal(f.n_engines, 2);
    assert_time("gfx", 100, 1);
    assert_time("compute", 20, 1);
    assert_true(parse("drm-driver:\tpanfrost\ndrm-client-id:\t3\ndrm-engine-fragment:\t5 ns\n"
                      "drm-cycles-fragment:\t9\ndrm-maxfreq-fragment:\t799999987 Hz\n"
                      "drm-engine-vertex-tiler:\t6 ns\n"));
    assert_string_equal(f.device, "");
    assert_time("fragment", 5, 1);
    assert_time("vertex-tiler", 6, 1);
    assert_true(parse("drm-driver:\tv3d\ndrm-client-id:\t3\ndrm-engine-bin: \t1 ns \n"
                      "drm-engine-render: \t2 ns\t2 jobs\ndrm-engine-tfu: \t3 ns\n"
                      "drm-engine-csd: \t4 ns\ndrm-engine-cache_clean: \t5 ns\n"));
    assert_int_equal(f.n_engines, 2); /* that with more behind it is not in the specification */
    assert_true(parse("drm-driver:\tmsm\ndrm-client-id:\t3\ndrm-engine-gpu:\t8 ns\n"));
    assert_time("gpu", 8, 1);
    assert_true(parse("drm-driver:\tetnaviv\ndrm-client-id:\t3\ndrm-engine-2D/3D:\t8 ns\n"
                      "drm-engine-2D:\t8 ns\ndrm-engine-VG:\t8 ns\n"));
    assert_int_equal(f.n_engines, 1);
    assert_time("2D/3D", 8, 1);
}

/* No DRM client, or none that can be told from others. */
static void test_none(void **state)
{
    static const char *const texts[] = {
        "",
        HEAD,
        "drm-driver:\ti915\ndrm-engine-render:\t5 ns\n",
        "drm-client-id:\t5\n",
        "drm-driver:\t\ndrm-client-id:\t5\n",
        "drm-driver:\ti915\ndrm-client-id:\t-5\n",
        "drm-driver:\ti915\ndrm-client-id:\t18446744073709551616\n",
        "drm-driver:\ti915\ndrm-client-id:\t5x\n",
        "drm-driver:\tanamethatislongerthananydriverhasinlinux\ndrm-client-id:\t5\n",
        "xdrm-driver:\ti915\ndrm-client-id:\t5\n",
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(texts); i++)
        if (parse(texts[i]))
            fail_msg("taken: %s", texts[i]);
}

static void test_strange(void **state)
{
    char nul[] = "drm-driver:\ti915\ndrm-client-id:\t5\ndrm-engine-render\0:\t5 ns\n";

    (void)state;
    assert_true(parse("drm-driver:\ti915\r\ndrm-client-id:   18446744073709551615\r\n"
                      "drm-engine-render:7 ns"));
    assert_true(f.client == UINT64_MAX);
    assert_time("render", 7, 1);
    assert_true(parse("drm-driver:\ti915\ndrm-client-id:\t5\ndrm-engine-render:\t5 us\n"
                      "drm-engine-compute:\t5\ndrm-engine-:\t5 ns\ndrm-engine-capacity-:\t5\n"
                      "drm-engine-capacity-gfx:\t0\ndrm-engine-capacity-gfx:\t4294967296\n"
                      "drm-engine-rcs:\t18446744073709551616 ns\n:\n::::\ndrm-engine-ccs\n"));
    assert_int_equal(f.n_engines, 0);
    assert_true(gs_fdinfo_parse(nul, sizeof(nul) - 1, &f));
    assert_int_equal(f.n_engines, 0);
    /* More engines than are kept, each of them once. */
    assert_true(parse("drm-driver:\tx\ndrm-client-id:\t5\ndrm-engine-render:\t1 ns\n"
                      "drm-engine-compute:\t1 ns\ndrm-engine-rcs:\t1 ns\ndrm-engine-ccs:\t1 ns\n"
                      "drm-engine-gfx:\t1 ns\ndrm-engine-gpu:\t1 ns\ndrm-engine-bin:\t1 ns\n"
                      "drm-engine-csd:\t1 ns\ndrm-engine-gp:\t1 ns\ndrm-engine-render:\t2 ns\n"));
    assert_int_equal(f.n_engines, GS_FDINFO_ENGINES_MOST);
    assert_time("render", 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_i915), cmocka_unit_test(test_xe),      cmocka_unit_test(test_others),
        cmocka_unit_test(test_none), cmocka_unit_test(test_strange),
    };

    return cmocka_run_group_tests_name("fdinfo", tests, NULL, NULL);
}
