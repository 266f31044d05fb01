/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/pattern.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <glib.h>

#include "common/clock.h"
#include "session/source.h"

/* Acts like an application at swap interval 1: draws a frame, wants a callback, draws the next one
 * when it came and a period is over. */
struct gs_pattern {
    struct gs_source base;
    uint32_t *pixels; /* XRGB8888 */
    uint32_t frame;   /* number of the present one */
    uint64_t drawn_ns;
    bool flipped;
    GSource *timer;
    pixman_region32_t damage; /* since the last capture; buffer and output pixels are the same */
};

/* Paints the background there, or colour c where it is not 0 (every colour has alpha). */
static void fill(struct gs_pattern *p, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint32_t c)
{
    uint32_t width = p->base.params.width, height = p->base.params.height;
    uint32_t x2 = GS_MIN(x + w, width), y2 = GS_MIN(y + h, height);

    if (x >= x2 || y >= y2)
        return;
    for (uint32_t row = y; row < y2; row++) {
        uint32_t *line = p->pixels + (size_t)row * width;
        uint32_t green = (uint32_t)((uint64_t)row * 255 / height);

        for (uint32_t col = x; col < x2; col++)
            line[col] =
                c ? c : 0xff000040u | (uint32_t)((uint64_t)col * 255 / width) << 16 | green << 8;
    }
    pixman_region32_union_rect(&p->damage, &p->damage, (int)x, (int)y, x2 - x, y2 - y);
}

static uint32_t square_x(const struct gs_pattern *p, uint32_t frame)
{
    uint32_t way = GS_MAX(p->base.params.width, GS_PATTERN_SQUARE + 1) - GS_PATTERN_SQUARE;

    return frame * 4 % way;
}

static uint32_t square_y(const struct gs_pattern *p)
{
    return p->base.params.height / 2;
}

static void draw(struct gs_pattern *p)
{
    uint32_t gray = gs_pattern_to_gray(p->frame);

    for (unsigned i = 0; i < GS_PATTERN_BITS; i++) {
        bool one = gray >> (GS_PATTERN_BITS - 1 - i) & 1;

        fill(p, i * GS_PATTERN_BLOCK, 0, GS_PATTERN_BLOCK, GS_PATTERN_BLOCK,
             one ? 0xffffffffu : 0xff000000u);
    }
    fill(p, square_x(p, p->frame), square_y(p), GS_PATTERN_SQUARE, GS_PATTERN_SQUARE,
         p->flipped ? GS_PATTERN_COLOUR_PRESSED : GS_PATTERN_COLOUR);
}

static void commit(struct gs_pattern *p)
{
    const struct gs_source_listener *l = p->base.params.listener;

    p->drawn_ns = gs_now_ns();
    l->damaged(p->base.params.user, p->drawn_ns);
    l->frame_wanted(p->base.params.user, false);
    if (l->drawn)
        l->drawn(p->base.params.user, gs_now_ns());
}

static gboolean next_frame(void *user)
{
    struct gs_pattern *p = user;

    g_source_set_ready_time(p->timer, -1);
    if (p->drawn_ns > 0) {
        fill(p, square_x(p, p->frame), square_y(p), GS_PATTERN_SQUARE, GS_PATTERN_SQUARE, 0);
        p->frame = (p->frame + 1) & ((1u << GS_PATTERN_BITS) - 1);
    }
    draw(p);
    commit(p);
    return G_SOURCE_CONTINUE;
}

static gboolean dispatch_timer(GSource *source, GSourceFunc fn, void *user)
{
    (void)source;
    return fn(user);
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch_timer};

static void pattern_close(struct gs_source *src)
{
    struct gs_pattern *p = (struct gs_pattern *)src;

    if (p->timer) {
        g_source_destroy(p->timer);
        g_source_unref(p->timer);
    }
    pixman_region32_fini(&p->damage);
    g_free(p->pixels);
    g_free(p);
}

extern const struct gs_source_impl gs_source_pattern;

static int pattern_open(const struct gs_source_params *params, struct gs_source **ret)
{
    struct gs_pattern *p;

    if (params->width == 0 || params->height == 0 || params->fps == 0)
        return -EINVAL;
    p = g_new0(struct gs_pattern, 1);
    p->base.impl = &gs_source_pattern;
    p->base.params = *params;
    pixman_region32_init(&p->damage);
    p->pixels = g_try_malloc_n((gsize)params->width * params->height, sizeof(*p->pixels));
    if (!p->pixels) {
        pattern_close(&p->base);
        return -ENOMEM;
    }
    fill(p, 0, 0, params->width, params->height, 0);
    *ret = &p->base;
    return 0;
}

static int pattern_start(struct gs_source *src, char **ret_reason GS_UNUSED)
{
    struct gs_pattern *p = (struct gs_pattern *)src;

    if (p->timer)
        return -EALREADY;
    p->timer = g_source_new(&timer_funcs, sizeof(GSource));
    g_source_set_callback(p->timer, next_frame, p, NULL);
    g_source_set_ready_time(p->timer, 0);
    g_source_attach(p->timer, g_main_context_get_thread_default());
    return 0;
}

static bool layer_begin(const struct gs_layer *layer, const void **data, uint32_t *stride)
{
    const struct gs_pattern *p = layer->user;

    *data = p->pixels;
    *stride = p->base.params.width * 4;
    return true;
}

static void layer_end(const struct gs_layer *layer)
{
    (void)layer;
}

static int pattern_capture(struct gs_source *src, bool full,
                           int (*fn)(void *user, const struct gs_scene *scene), void *user)
{
    struct gs_pattern *p = (struct gs_pattern *)src;
    uint32_t w = src->params.width, h = src->params.height;
    struct gs_layer layer = {
        .surface_id = 1,
        .width = w,
        .height = h,
        .format = DRM_FORMAT_XRGB8888,
        .opaque = true,
        .src_width = w,
        .src_height = h,
        .dst_width = w,
        .dst_height = h,
        .damage = &p->damage,
        .begin = layer_begin,
        .end = layer_end,
        .user = p,
    };
    struct gs_scene scene = {
        .width = w, .height = h, .n_layers = 1, .layers = &layer, .damage = &p->damage};
    int r;

    if (full)
        pixman_region32_union_rect(&p->damage, &p->damage, 0, 0, w, h);
    r = fn(user, &scene);
    if (r == 0)
        pixman_region32_clear(&p->damage);
    return r;
}

static int pattern_resize(struct gs_source *src, uint32_t width, uint32_t height)
{
    struct gs_pattern *p = (struct gs_pattern *)src;
    uint32_t *pixels;

    if (width == 0 || height == 0)
        return -EINVAL;
    pixels = g_try_malloc_n((gsize)width * height, sizeof(*pixels));
    if (!pixels)
        return -ENOMEM;
    g_free(p->pixels);
    p->pixels = pixels;
    src->params.width = width;
    src->params.height = height;
    pixman_region32_clear(&p->damage);
    fill(p, 0, 0, width, height, 0);
    draw(p);
    if (p->timer)
        g_source_set_ready_time(p->timer, 0);
    return 0;
}

static void pattern_frame_done(struct gs_source *src, uint64_t now_ns)
{
    struct gs_pattern *p = (struct gs_pattern *)src;
    uint64_t due = GS_MAX(now_ns, p->drawn_ns + GS_NS_PER_S / src->params.fps);

    if (p->timer)
        g_source_set_ready_time(p->timer, (gint64)(due / GS_NS_PER_US));
}

static void pattern_input(struct gs_source *src, const struct gs_input *in)
{
    struct gs_pattern *p = (struct gs_pattern *)src;

    if (in->kind != GS_INPUT_BUTTON || in->state != 1 || !p->timer)
        return;
    p->flipped = !p->flipped;
    /* Answers as an application would: at once, but not from inside this call. */
    g_source_set_ready_time(p->timer, 0);
}

const struct gs_source_impl gs_source_pattern = {
    .name = "pattern",
    .open = pattern_open,
    .start = pattern_start,
    .capture = pattern_capture,
    .resize = pattern_resize,
    .frame_done = pattern_frame_done,
    .input = pattern_input,
    .close = pattern_close,
};
