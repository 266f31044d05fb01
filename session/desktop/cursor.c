/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the cursor's image, which the client of the session draws by itself: what the application
 * set by wl_pointer.set_cursor, or an arrow.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>
#include <wlr/types/wlr_xcursor_manager.h>

#include "common/log.h"
#include "session/desktop/desktop.h"

#define DEFAULT_SIZE 24

/* Takes pixels. Says it to the listener if it is another one than before. */
static void set_image(struct gs_desktop *d, struct gs_cursor_msg msg, uint8_t *pixels)
{
    size_t size = (size_t)msg.width * msg.height * 4;
    const struct gs_cursor_msg *old = &d->cursor;

    if (old->visible == msg.visible && old->width == msg.width && old->height == msg.height &&
        old->hot_x == msg.hot_x && old->hot_y == msg.hot_y &&
        (size == 0 || memcmp(d->cursor_pixels, pixels, size) == 0)) {
        g_free(pixels);
        return;
    }
    g_free(d->cursor_pixels);
    d->cursor_pixels = pixels;
    d->cursor = msg;
    d->cursor.pixels = pixels;
    gs_desktop_cursor_changed(d);
}

static void hide(struct gs_desktop *d)
{
    set_image(d, (struct gs_cursor_msg){.visible = false}, NULL);
}

static void show_arrow(struct gs_desktop *d)
{
    struct wlr_xcursor *cursor = wlr_xcursor_manager_get_xcursor(d->xcursors, "left_ptr", 1);
    const struct wlr_xcursor_image *image = cursor ? cursor->images[0] : NULL;

    if (!image || image->width > GS_CURSOR_MAX || image->height > GS_CURSOR_MAX)
        return;
    set_image(d,
              (struct gs_cursor_msg){.visible = true,
                                     .width = (uint16_t)image->width,
                                     .height = (uint16_t)image->height,
                                     .hot_x = (uint16_t)image->hotspot_x,
                                     .hot_y = (uint16_t)image->hotspot_y},
              g_memdup2(image->buffer, (gsize)image->width * image->height * 4));
}

/* ---- a client's surface ---- */

struct reading {
    struct gs_desktop *d;
    int width, height; /* of the result */
    uint8_t *pixels;
};

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

static void read_pixels(void *user, const void *data, uint32_t stride, uint32_t format)
{
    struct reading *r = user;
    struct wlr_surface *surface = r->d->cursor_surface;
    struct gs_texture *texture = gs_texture_of(surface);
    struct wlr_fbox src;
    pixman_image_t *from, *to;
    pixman_transform_t scale;

    wlr_surface_get_buffer_source_box(surface, &src);
    from =
        pixman_image_create_bits_no_clear(pixman_format(format), (int)texture->base.width,
                                          (int)texture->base.height, (uint32_t *)data, (int)stride);
    to = pixman_image_create_bits_no_clear(PIXMAN_a8r8g8b8, r->width, r->height,
                                           (uint32_t *)(void *)r->pixels, r->width * 4);
    if (from && to) {
        pixman_transform_init_scale(&scale, pixman_double_to_fixed(src.width / r->width),
                                    pixman_double_to_fixed(src.height / r->height));
        pixman_transform_translate(&scale, NULL, pixman_double_to_fixed(src.x),
                                   pixman_double_to_fixed(src.y));
        pixman_image_set_transform(from, &scale);
        pixman_image_set_filter(from, PIXMAN_FILTER_BILINEAR, NULL, 0);
        pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, 0, 0, r->width,
                                 r->height);
    }
    if (from)
        pixman_image_unref(from);
    if (to)
        pixman_image_unref(to);
}

static void show_surface(struct gs_desktop *d)
{
    struct wlr_surface *surface = d->cursor_surface;
    int width = surface->current.width, height = surface->current.height;
    double shrink = 1;
    struct reading r = {.d = d};

    if (width <= 0 || height <= 0 || !gs_texture_of(surface)) {
        hide(d); /* a surface without a buffer is an invisible cursor */
        return;
    }
    if (GS_MAX(width, height) > GS_CURSOR_MAX)
        shrink = (double)GS_CURSOR_MAX / GS_MAX(width, height);
    r.width = GS_MAX(1, (int)(width * shrink));
    r.height = GS_MAX(1, (int)(height * shrink));
    r.pixels = g_malloc0((gsize)r.width * (gsize)r.height * 4);
    if (!gs_surface_read(surface, read_pixels, &r)) {
        g_free(r.pixels);
        show_arrow(d);
        return;
    }
    set_image(d,
              (struct gs_cursor_msg){
                  .visible = true,
                  .width = (uint16_t)r.width,
                  .height = (uint16_t)r.height,
                  .hot_x = (uint16_t)GS_CLAMP((int)(d->cursor_hot_x * shrink), 0, r.width - 1),
                  .hot_y = (uint16_t)GS_CLAMP((int)(d->cursor_hot_y * shrink), 0, r.height - 1)},
              r.pixels);
}

static void forget_surface(struct gs_desktop *d)
{
    if (!d->cursor_surface)
        return;
    d->cursor_surface = NULL;
    wl_list_remove(&d->cursor_commit.link);
    wl_list_remove(&d->cursor_destroyed.link);
}

static void handle_commit(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, cursor_commit);

    (void)data;
    d->cursor_hot_x -= d->cursor_surface->current.dx;
    d->cursor_hot_y -= d->cursor_surface->current.dy;
    show_surface(d);
}

static void handle_destroyed(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, cursor_destroyed);

    (void)data;
    forget_surface(d);
    hide(d);
}

static void handle_set_cursor(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, set_cursor);
    const struct wlr_seat_pointer_request_set_cursor_event *event = data;

    if (event->seat_client != d->seat->pointer_state.focused_client)
        return; /* only who has the pointer may */
    d->cursor_client = event->seat_client->client;
    forget_surface(d);
    if (!event->surface) {
        hide(d);
        return;
    }
    d->cursor_surface = event->surface;
    d->cursor_hot_x = event->hotspot_x;
    d->cursor_hot_y = event->hotspot_y;
    d->cursor_commit.notify = handle_commit;
    wl_signal_add(&event->surface->events.commit, &d->cursor_commit);
    d->cursor_destroyed.notify = handle_destroyed;
    wl_signal_add(&event->surface->events.destroy, &d->cursor_destroyed);
    /* Clients often set the role first and attach the image after it: no flicker then. */
    if (gs_texture_of(event->surface))
        show_surface(d);
}

void gs_cursor_focus(struct gs_desktop *d, struct wl_client *client)
{
    if (client && client == d->cursor_client)
        return;
    d->cursor_client = NULL;
    forget_surface(d);
    show_arrow(d);
}

int gs_cursor_init(struct gs_desktop *d)
{
    d->xcursors = wlr_xcursor_manager_create(NULL, DEFAULT_SIZE);
    if (!d->xcursors || !wlr_xcursor_manager_load(d->xcursors, 1))
        return -ENOMEM;
    d->set_cursor.notify = handle_set_cursor;
    wl_signal_add(&d->seat->events.request_set_cursor, &d->set_cursor);
    show_arrow(d);
    return 0;
}

void gs_cursor_finish(struct gs_desktop *d)
{
    if (d->xcursors)
        wlr_xcursor_manager_destroy(d->xcursors);
    g_free(d->cursor_pixels);
}
