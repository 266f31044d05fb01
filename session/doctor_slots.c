/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many sessions hardware encodes at once: drivers tell it only by refusing one more. */
#include <errno.h>
#include <glib.h>

#include "common/check.h"
#include "common/clock.h"
#include "encoder/encoder.h"
#include "session/doctor.h"
#include "session/egl.h"

#define MOST 32
#define SIDE 256 /* the limit does not depend on it */
#define TIME_NS (10 * GS_NS_PER_S)

struct opened {
    struct gs_encoder *encoder[MOST];
    unsigned n;
    int err; /* of the one that was refused; 0: none was */
};

static void open_many(const char *name, struct opened *o)
{
    struct gs_encoder_params params = {.width = SIDE, .height = SIDE, .fps = 60};
    uint64_t begin = gs_now_ns();

    gs_egl_gpu_present(params.device, sizeof(params.device));
    while (o->n < MOST && !o->err && gs_now_ns() - begin < TIME_NS) {
        o->err = gs_encoder_create(name, &params, &o->encoder[o->n]);
        if (!o->err)
            o->n++;
    }
}

static void say_limit(const char *name, const struct opened *o)
{
    struct gs_check check;

    if (!o->err)
        gs_check_set(&check, "encoder.slots", "encoder sessions", GS_CHECK_OK,
                     "%s takes %u at once, and perhaps more", name, o->n);
    else if (o->err == -EBUSY)
        gs_check_set(&check, "encoder.slots", "encoder sessions", GS_CHECK_OK,
                     "%s takes %u at once, beside those that are in use now; further sessions are "
                     "encoded in software",
                     name, o->n);
    else
        gs_check_set(&check, "encoder.slots", "encoder sessions", GS_CHECK_WARN,
                     "%s took %u at once, and failed then: %s", name, o->n, gs_encoder_failure());
    g_snprintf(check.value, sizeof(check.value), "%u", o->n);
    gs_check_say(&check);
}

bool gs_doctor_slots(void *user)
{
    struct opened o = {.n = 0};

    open_many(user, &o);
    say_limit(user, &o);
    while (o.n > 0)
        gs_encoder_destroy(o.encoder[--o.n]);
    return true;
}
