/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the backend and its one output, which exist for the clients' information only. */
#include <time.h>
#include <wlr/backend.h>
#include <wlr/types/wlr_buffer.h>
#include <wlr/types/wlr_output_layout.h>

#include "session/desktop/desktop.h"

static bool backend_start(struct wlr_backend *backend)
{
    (void)backend;
    return true;
}

static void backend_destroy(struct wlr_backend *backend)
{
    (void)backend; /* part of gs_desktop */
}

static clockid_t backend_clock(struct wlr_backend *backend)
{
    (void)backend;
    return CLOCK_MONOTONIC;
}

static uint32_t backend_buffer_caps(struct wlr_backend *backend)
{
    (void)backend;
    return WLR_BUFFER_CAP_DATA_PTR | WLR_BUFFER_CAP_DMABUF;
}

static const struct wlr_backend_impl backend_impl = {
    .start = backend_start,
    .destroy = backend_destroy,
    .get_presentation_clock = backend_clock,
    .get_buffer_caps = backend_buffer_caps,
};

static bool output_commit(struct wlr_output *output)
{
    (void)output;
    return true;
}

static void output_destroy(struct wlr_output *output)
{
    (void)output; /* part of gs_desktop */
}

static const struct wlr_output_impl output_impl = {
    .commit = output_commit,
    .destroy = output_destroy,
};

/* Tells clients and, over the layout, xdg-output; Xwayland's screen follows. */
void gs_output_resized(struct gs_desktop *d)
{
    const struct gs_source_params *p = &d->base.params;

    /* Toolkits derive a scale factor from the size; 96 dpi asks for none. */
    d->output.phys_width = (int)(p->width * 254 / 960);
    d->output.phys_height = (int)(p->height * 254 / 960);
    wlr_output_update_custom_mode(&d->output, (int)p->width, (int)p->height,
                                  (int32_t)(p->fps * 1000));
}

void gs_output_init(struct gs_desktop *d)
{
    wlr_backend_init(&d->backend, &backend_impl);
    d->backend_ready = true;
    wlr_output_init(&d->output, &d->backend, &output_impl, d->display);
    d->output_ready = true;
    wlr_output_set_name(&d->output, "gpushare-1");
    wlr_output_set_description(&d->output, "gpushare session");
    gs_output_resized(d);
    wlr_output_update_enabled(&d->output, true);
}

void gs_output_finish(struct gs_desktop *d)
{
    if (d->output_ready && d->output.global) {
        /* wlroots would keep it five seconds more for clients, who are gone already. */
        wl_global_destroy(d->output.global);
        d->output.global = NULL;
    }
    if (d->layout)
        wlr_output_layout_destroy(d->layout);
    if (d->output_ready)
        wlr_output_destroy(&d->output);
    if (d->backend_ready)
        wlr_backend_finish(&d->backend);
}
