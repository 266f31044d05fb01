/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/integration/source_rig.h"

#include <drm_fourcc.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define FRAME_MS 16

/* wlroots destroys the seat's global by a timer that its display does not live to see. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:wlr_global_destroy_safe\n";
}

/* ---- the listener ---- */

static void on_damaged(void *user, uint64_t commit_ns)
{
    struct source_rig *rig = user;

    rig->n_damaged++;
    rig->commit_ns = commit_ns;
    rig->dirty = true;
}

static gboolean answer_frame(void *user)
{
    struct source_rig *rig = user;

    rig->frame_timer = 0;
    rig->src->impl->frame_done(rig->src, gs_now_ns());
    return G_SOURCE_REMOVE;
}

static void on_frame_wanted(void *user, bool keeps)
{
    struct source_rig *rig = user;

    rig->n_frame_wanted++;
    rig->n_kept += keeps;
    if (!rig->frame_timer && !rig->silent)
        rig->frame_timer = g_timeout_add(FRAME_MS, answer_frame, rig);
}

static gboolean answer_sync(void *user)
{
    struct source_rig *rig = user;

    rig->sync_timer = 0;
    rig->src->impl->sync_done(rig->src);
    return G_SOURCE_REMOVE;
}

static void on_sync_wanted(void *user)
{
    struct source_rig *rig = user;

    rig->n_sync_wanted++;
    if (!rig->sync_timer && rig->sync_ms)
        rig->sync_timer = g_timeout_add(rig->sync_ms, answer_sync, rig);
}

static void on_drawn(void *user, uint64_t now_ns)
{
    struct source_rig *rig = user;

    rig->n_drawn++;
    rig->drawn_early += now_ns < rig->commit_ns;
}

static void on_cursor(void *user, const struct gs_cursor_msg *msg)
{
    struct source_rig *rig = user;

    rig->n_cursor++;
    rig->cursor = *msg;
    rig->cursor.pixels = NULL;
}

static void on_pointer_mode(void *user, enum gs_pointer_mode mode)
{
    struct source_rig *rig = user;

    rig->n_mode++;
    rig->mode = mode;
}

static void on_ended(void *user, int wait_status, const char *reason)
{
    struct source_rig *rig = user;

    rig->n_ended++;
    rig->wait_status = wait_status;
    snprintf(rig->reason, sizeof(rig->reason), "%s", reason);
}

static const struct gs_source_listener listener = {
    .damaged = on_damaged,
    .frame_wanted = on_frame_wanted,
    .sync_wanted = on_sync_wanted,
    .drawn = on_drawn,
    .cursor = on_cursor,
    .pointer_mode = on_pointer_mode,
    .ended = on_ended,
};

/* ---- composing ---- */

static pixman_format_code_t pixman_format(uint32_t drm)
{
    switch (drm) {
    case DRM_FORMAT_XRGB8888:
        return PIXMAN_x8r8g8b8;
    case DRM_FORMAT_ABGR8888:
        return PIXMAN_a8b8g8r8;
    case DRM_FORMAT_XBGR8888:
        return PIXMAN_x8b8g8r8;
    default:
        return PIXMAN_a8r8g8b8;
    }
}

static void compose_layer(struct source_rig *rig, const struct gs_layer *l)
{
    const void *data;
    uint32_t stride;
    pixman_image_t *from;
    pixman_transform_t t;

    if (!l->begin || !l->begin(l, &data, &stride))
        return;
    from = pixman_image_create_bits_no_clear(pixman_format(l->format), (int)l->width,
                                             (int)l->height, (uint32_t *)data, (int)stride);
    pixman_transform_init_scale(&t, pixman_double_to_fixed(l->src_width / l->dst_width),
                                pixman_double_to_fixed(l->src_height / l->dst_height));
    pixman_transform_translate(&t, NULL, pixman_double_to_fixed(l->src_x),
                               pixman_double_to_fixed(l->src_y));
    pixman_image_set_transform(from, &t);
    pixman_image_composite32(l->opaque ? PIXMAN_OP_SRC : PIXMAN_OP_OVER, from, NULL, rig->image, 0,
                             0, 0, 0, l->x, l->y, (int)l->dst_width, (int)l->dst_height);
    pixman_image_unref(from);
    l->end(l);
}

static uint64_t area(const pixman_region32_t *region)
{
    int n;
    const pixman_box32_t *rects =
        pixman_region32_rectangles((pixman_region32_t *)(void *)region, &n);
    uint64_t sum = 0;

    for (int i = 0; i < n; i++)
        sum += (uint64_t)(rects[i].x2 - rects[i].x1) * (uint64_t)(rects[i].y2 - rects[i].y1);
    return sum;
}

/* Only what the scene says is damaged is painted, so that missing damage shows in the picture. */
static int compose(void *user, const struct gs_scene *scene)
{
    struct source_rig *rig = user;
    pixman_region32_t clip;
    pixman_color_t black = {.alpha = 0xffff};
    pixman_box32_t all = {0, 0, (int)rig->width, (int)rig->height};

    pixman_region32_init(&clip);
    pixman_region32_copy(&clip, (pixman_region32_t *)(void *)scene->damage);
    pixman_region32_copy(&rig->damage, &clip);
    rig->damage_area_last = area(&clip);
    rig->damage_area += rig->damage_area_last;
    rig->scene_width = scene->width;
    rig->scene_height = scene->height;
    rig->n_layers = scene->n_layers;
    pixman_image_set_clip_region32(rig->image, &clip);
    pixman_image_fill_boxes(PIXMAN_OP_SRC, rig->image, &black, 1, &all);
    for (unsigned i = 0; i < scene->n_layers; i++)
        compose_layer(rig, &scene->layers[i]);
    pixman_image_set_clip_region32(rig->image, NULL);
    pixman_region32_fini(&clip);
    return 0;
}

int source_rig_capture(struct source_rig *rig, bool full)
{
    rig->dirty = false;
    rig->n_captures++;
    return rig->src->impl->capture(rig->src, full, compose, rig);
}

/* ---- life ---- */

static void make_picture(struct source_rig *rig, uint32_t width, uint32_t height)
{
    if (rig->image)
        pixman_image_unref(rig->image);
    g_free(rig->pixels);
    rig->width = width;
    rig->height = height;
    rig->pixels = g_new0(uint32_t, (size_t)width * height);
    rig->image = pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)width, (int)height, rig->pixels,
                                          (int)width * 4);
}

int source_rig_resize(struct source_rig *rig, uint32_t width, uint32_t height)
{
    int r = rig->src->impl->resize(rig->src, width, height);

    if (r == 0)
        make_picture(rig, width, height);
    return r;
}

int source_rig_open(struct source_rig *rig, const char *name, uint32_t width, uint32_t height,
                    char *const *argv)
{
    return source_rig_open_gpu(rig, name, width, height, argv, NULL);
}

int source_rig_open_gpu(struct source_rig *rig, const char *name, uint32_t width, uint32_t height,
                        char *const *argv, struct gs_egl *egl)
{
    struct gs_source_params params = {.width = width,
                                      .height = height,
                                      .fps = 60,
                                      .egl = egl,
                                      .argv = argv,
                                      .listener = &listener,
                                      .user = rig};
    g_autofree char *reason = NULL;
    int r;

    memset(rig, 0, sizeof(*rig));
    rig->keep_up = true;
    rig->runtime_dir = g_dir_make_tmp("gpushare-test-XXXXXX", NULL);
    params.runtime_dir = rig->runtime_dir;
    make_picture(rig, width, height);
    pixman_region32_init(&rig->damage);
    r = gs_source_create(name, &params, &rig->src);
    if (r == 0)
        r = rig->src->impl->start(rig->src, &reason);
    if (r < 0)
        source_rig_close(rig);
    return r;
}

static bool left_in(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

void source_rig_close(struct source_rig *rig)
{
    if (rig->frame_timer)
        g_source_remove(rig->frame_timer);
    rig->frame_timer = 0;
    if (rig->sync_timer)
        g_source_remove(rig->sync_timer);
    rig->sync_timer = 0;
    gs_source_destroy(rig->src);
    rig->src = NULL;
    if (rig->runtime_dir) {
        g_autofree char *remove = g_strdup_printf("rm -r '%s'", rig->runtime_dir);

        /* Applications may leave files of theirs, but the socket must be gone. */
        rig->socket_left = left_in(rig->runtime_dir, "wayland-0");
        g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL);
    }
    g_clear_pointer(&rig->runtime_dir, g_free);
    if (rig->image) {
        pixman_image_unref(rig->image);
        pixman_region32_fini(&rig->damage);
    }
    rig->image = NULL;
    g_clear_pointer(&rig->pixels, g_free);
}

static gboolean stop_waiting(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_CONTINUE;
}

bool source_rig_wait(struct source_rig *rig, bool (*done)(struct source_rig *rig), int timeout_ms)
{
    bool over = false;
    guint timer = g_timeout_add((guint)timeout_ms, stop_waiting, &over);
    bool ok = done && done(rig);

    while (!ok && !over) {
        g_main_context_iteration(NULL, TRUE);
        if (rig->dirty && rig->keep_up && source_rig_capture(rig, false) < 0)
            break;
        ok = done && done(rig);
    }
    g_source_remove(timer);
    return ok;
}

void source_rig_run(struct source_rig *rig, int ms)
{
    source_rig_wait(rig, NULL, ms);
}

/* ---- looking ---- */

void source_rig_picture(struct source_rig *rig, const char *name)
{
    const char *dir = getenv("GS_TEST_PICTURES");
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = rig->width,
                     .height = rig->height,
                     .format = PNG_FORMAT_BGR};
    g_autofree uint8_t *bytes = NULL;
    g_autofree char *path = NULL;

    if (!dir)
        return;
    path = g_strdup_printf("%s/%s.png", dir, name);
    bytes = g_malloc((gsize)rig->width * rig->height * 3);
    for (size_t i = 0; i < (size_t)rig->width * rig->height; i++) {
        bytes[i * 3] = (uint8_t)rig->pixels[i];
        bytes[i * 3 + 1] = (uint8_t)(rig->pixels[i] >> 8);
        bytes[i * 3 + 2] = (uint8_t)(rig->pixels[i] >> 16);
    }
    if (!png_image_write_to_file(&png, path, 0, bytes, 0, NULL))
        fprintf(stderr, "%s: %s\n", path, png.message);
}

unsigned source_rig_colours(const struct source_rig *rig, unsigned max)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (size_t i = 0; i < (size_t)rig->width * rig->height; i++) {
        g_hash_table_add(seen, GUINT_TO_POINTER(rig->pixels[i] & 0xffffff));
        if (g_hash_table_size(seen) >= max)
            break;
    }
    return g_hash_table_size(seen);
}

uint32_t source_rig_pixel(const struct source_rig *rig, uint32_t x, uint32_t y)
{
    return rig->pixels[(size_t)y * rig->width + x] & 0xffffff;
}

uint32_t source_rig_hash(const struct source_rig *rig)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < (size_t)rig->width * rig->height; i++)
        hash = (hash ^ (rig->pixels[i] & 0xffffff)) * 16777619u;
    return hash;
}

/* ---- input ---- */

void source_rig_input(struct source_rig *rig, enum gs_input_kind kind, unsigned code,
                      unsigned state, int32_t x, int32_t y)
{
    struct gs_input in = {.id = ++rig->input_id,
                          .kind = (uint8_t)kind,
                          .state = (uint8_t)state,
                          .code = (uint16_t)code,
                          .x = x,
                          .y = y};

    rig->src->impl->input(rig->src, &in);
}

void source_rig_move(struct source_rig *rig, int x, int y)
{
    source_rig_input(rig, GS_INPUT_MOTION_ABS, 0, 0, x * 256, y * 256);
}

void source_rig_click(struct source_rig *rig, unsigned button)
{
    source_rig_input(rig, GS_INPUT_BUTTON, button, 1, 0, 0);
    source_rig_input(rig, GS_INPUT_BUTTON, button, 0, 0, 0);
}

void source_rig_key(struct source_rig *rig, unsigned code)
{
    source_rig_input(rig, GS_INPUT_KEY, code, 1, 0, 0);
    source_rig_input(rig, GS_INPUT_KEY, code, 0, 0, 0);
}
