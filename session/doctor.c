/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the trials, and what follows from all of them together. */
#include "session/doctor.h"

#include <glib.h>
#include <string.h>

#include "common/check.h"
#include "encoder/encoder.h"
#include "session/convert.h"
#include "session/egl.h"

#define TIMEOUT_MS 20000
#define DRIVER_REMEDY "reinstall or update the graphics driver, and see the kernel's log (dmesg)"

/* What a session does by itself, and which therefore takes it down. */
static bool try_needed(const char *id, const char *title, bool (*run)(void *))
{
    const struct gs_check_trial trial = {.id = id,
                                         .title = title,
                                         .if_dead = GS_CHECK_FAIL,
                                         .if_dead_remedy = DRIVER_REMEDY,
                                         .run = run,
                                         .timeout_ms = TIMEOUT_MS};

    return gs_check_try(&trial);
}

static bool try_named(const char *kind, const char *name, const char *if_dead_remedy,
                      enum gs_check_status if_dead, bool (*run)(void *))
{
    g_autofree char *id = g_strconcat(kind, ".", name, NULL);
    g_autofree char *title = g_strconcat(kind, " ", name, NULL);
    const struct gs_check_trial trial = {.id = id,
                                         .title = title,
                                         .if_dead = if_dead,
                                         .if_dead_remedy = if_dead_remedy,
                                         .run = run,
                                         .user = (void *)name,
                                         .timeout_ms = TIMEOUT_MS};

    return gs_check_try(&trial);
}

static bool gpu_present(void *user)
{
    (void)user;
    return gs_egl_gpu_present(NULL, 0);
}

static bool try_converters(bool gpu)
{
    bool any = false;

    for (size_t i = 0; gs_converter_impls[i]; i++) {
        const char *name = gs_converter_impls[i]->name;
        bool used = gpu || strcmp(name, "gl") != 0;

        any |= try_named("converter", name, "take another one: gpushare-host run --converter cpu",
                         used ? GS_CHECK_FAIL : GS_CHECK_INFO, gs_doctor_converter);
    }
    return any && try_needed("converter", "converter", gs_doctor_converter_choice);
}

static void try_slots(const char *name)
{
    const struct gs_check_trial trial = {.id = "encoder.slots",
                                         .title = "encoder sessions",
                                         .if_dead = GS_CHECK_WARN,
                                         .if_dead_remedy = DRIVER_REMEDY,
                                         .run = gs_doctor_slots,
                                         .user = (void *)name,
                                         .timeout_ms = TIMEOUT_MS};

    gs_check_try(&trial);
}

/* The ladder as a session climbs it: the first that works is taken. "null" is never chosen. */
static bool try_encoders(void)
{
    const char *first = NULL;
    struct gs_check check;

    for (size_t i = 0; gs_encoder_impls[i]; i++) {
        const char *name = gs_encoder_impls[i]->name;

        if (strcmp(name, "null") == 0)
            continue;
        if (try_named("encoder", name, "take another one: gpushare-host run --encoder x264",
                      GS_CHECK_FAIL, gs_doctor_encoder) &&
            !first)
            first = name;
    }
    gs_check_set(&check, "encoder", "encoder", first ? GS_CHECK_OK : GS_CHECK_FAIL, "%s",
                 first ? "the first that works is taken" : "none works");
    if (first)
        g_strlcpy(check.value, first, sizeof(check.value));
    else
        gs_check_set_remedy(&check, "the reasons are above; x264 needs libavcodec with libx264: "
                                    "apt install libavcodec59");
    gs_check_say(&check);
    if (first && gs_encoder_has_hardware(first))
        try_slots(first);
    return first;
}

int gs_session_doctor(void)
{
    const struct gs_check_trial present = {.id = "gpu.present",
                                           .title = "GPU",
                                           .if_dead = GS_CHECK_FAIL,
                                           .run = gpu_present,
                                           .timeout_ms = TIMEOUT_MS};
    bool gpu, ok;

    ok = try_needed("gpu.nodes", "render nodes", gs_doctor_nodes);
    gpu = gs_check_try(&present);
    ok &= try_needed("gpu.renderer", "OpenGL", gs_doctor_renderer);
    ok &= try_needed("gpu.dmabuf", "GPU buffers", gs_doctor_dmabuf);
    ok &= try_converters(gpu);
    ok &= try_encoders();
    ok &= try_needed("desktop.keymap", "keyboard layouts", gs_doctor_keymap);
    ok &= try_needed("desktop.wayland", "Wayland desktop", gs_doctor_desktop);
    ok &= try_needed("desktop.xwayland", "Xwayland", gs_doctor_xwayland);
    return ok ? 0 : 1;
}
