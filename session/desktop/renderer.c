/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the wlr_renderer, which never draws: its textures hold the clients' buffers, so that
 * gs_scene_capture can hand them on without a copy. wlroots makes a new texture for every buffer
 * with damage, since write_pixels is missing; the one before it is released then.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wlr/render/drm_format_set.h>
#include <wlr/types/wlr_buffer.h>
#include <wlr/types/wlr_drm.h>
#include <wlr/types/wlr_linux_dmabuf_v1.h>

#include "common/log.h"
#include "session/desktop/desktop.h"
#include "session/dmabuf.h"

#define MAX_SIDE 16384

static const uint32_t formats[] = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888, DRM_FORMAT_ABGR8888,
                                   DRM_FORMAT_XBGR8888};

static bool format_known(uint32_t format)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(formats); i++) {
        if (formats[i] == format)
            return true;
    }
    return false;
}

/* ---- textures ---- */

static bool texture_is_opaque(struct wlr_texture *wlr)
{
    const struct gs_texture *texture = (struct gs_texture *)wlr;

    return texture->format == DRM_FORMAT_XRGB8888 || texture->format == DRM_FORMAT_XBGR8888;
}

static void texture_destroy(struct wlr_texture *wlr)
{
    struct gs_texture *texture = (struct gs_texture *)wlr;

    struct gs_desktop *d = texture->d;

    wlr_buffer_unlock(texture->buffer);
    if (d->spare_texture)
        g_free(texture);
    else
        d->spare_texture = texture;
}

/* A commit brings one and takes another away: no allocation for each. */
static struct gs_texture *new_texture(struct gs_desktop *d)
{
    struct gs_texture *texture = g_steal_pointer(&d->spare_texture);

    if (!texture)
        texture = g_new(struct gs_texture, 1);
    *texture = (struct gs_texture){.d = d};
    return texture;
}

static const struct wlr_texture_impl texture_impl = {
    .is_opaque = texture_is_opaque,
    .destroy = texture_destroy,
};

struct gs_texture *gs_texture_of(struct wlr_surface *surface)
{
    return (struct gs_texture *)wlr_surface_get_texture(surface);
}

/* libwayland only checks that stride × height fits into the pool, not that a row has all of its
 * pixels. */
static bool check_memory(struct wlr_buffer *buffer, uint32_t *ret_format)
{
    void *data;
    uint32_t format;
    size_t stride;
    bool ok;

    if (!wlr_buffer_begin_data_ptr_access(buffer, WLR_BUFFER_DATA_PTR_ACCESS_READ, &data, &format,
                                          &stride))
        return false;
    ok = data && format_known(format) && stride >= (size_t)buffer->width * 4 && stride % 4 == 0 &&
         (uintptr_t)data % 4 == 0;
    wlr_buffer_end_data_ptr_access(buffer);
    *ret_format = format;
    return ok;
}

/* ---- dmabufs ---- */

struct buffer_number {
    struct wlr_addon addon;
    uint64_t id;
};

static void buffer_number_destroy(struct wlr_addon *addon)
{
    struct buffer_number *number = wl_container_of(addon, number, addon);

    wlr_addon_finish(addon);
    g_free(number);
}

static const struct wlr_addon_interface buffer_number_impl = {.name = "gpushare buffer number",
                                                              .destroy = buffer_number_destroy};

static uint64_t buffer_id(struct gs_desktop *d, struct wlr_buffer *buffer)
{
    struct wlr_addon *addon = wlr_addon_find(&buffer->addons, d, &buffer_number_impl);
    struct buffer_number *number;

    if (addon) {
        number = wl_container_of(addon, number, addon);
        return number->id;
    }
    number = g_new0(struct buffer_number, 1);
    number->id = ++d->next_buffer_id;
    wlr_addon_init(&number->addon, &buffer->addons, d, &buffer_number_impl);
    return number->id;
}

/* Imports it once, so that the client learns at creation when the driver refuses its buffer. */
static bool try_import(const struct gs_egl *egl, const struct wlr_dmabuf_attributes *a,
                       const struct gs_dmabuf *dmabuf)
{
    EGLImageKHR image = gs_dmabuf_import(egl, dmabuf, (uint32_t)a->width, (uint32_t)a->height);

    if (image == EGL_NO_IMAGE_KHR)
        return false;
    gs_dmabuf_destroy_image(egl, image);
    return true;
}

static bool describe_dmabuf(struct gs_desktop *d, struct wlr_buffer *buffer,
                            const struct wlr_dmabuf_attributes *a, struct gs_texture *texture)
{
    bool seen = wlr_addon_find(&buffer->addons, d, &buffer_number_impl) != NULL;
    struct gs_dmabuf dmabuf = {.format = a->format, .modifier = a->modifier};

    if (d->drm_fd < 0 || !format_known(a->format) || a->n_planes > GS_DMABUF_PLANES)
        return false;
    dmabuf.n_planes = (unsigned)a->n_planes;
    for (int i = 0; i < a->n_planes; i++) {
        dmabuf.fd[i] = a->fd[i];
        dmabuf.offset[i] = a->offset[i];
        dmabuf.stride[i] = a->stride[i];
    }
    if (!seen && !try_import(d->base.params.egl, a, &dmabuf))
        return false;
    /* Only now: a number marks a buffer that can be imported. */
    dmabuf.buffer_id = buffer_id(d, buffer);
    texture->format = a->format;
    texture->has_dmabuf = true;
    texture->dmabuf = dmabuf;
    return true;
}

static struct wlr_texture *texture_from_buffer(struct wlr_renderer *renderer,
                                               struct wlr_buffer *buffer)
{
    struct gs_desktop *d = wl_container_of(renderer, d, renderer);
    struct wlr_dmabuf_attributes attributes;
    struct gs_texture *texture;
    bool ok;

    if (buffer->width <= 0 || buffer->height <= 0 || buffer->width > MAX_SIDE ||
        buffer->height > MAX_SIDE)
        return NULL;
    texture = new_texture(d);
    if (wlr_buffer_get_dmabuf(buffer, &attributes))
        ok = describe_dmabuf(d, buffer, &attributes, texture);
    else
        ok = check_memory(buffer, &texture->format);
    if (!ok) {
        gs_debug("a client's %dx%d buffer is refused", buffer->width, buffer->height);
        g_free(texture);
        return NULL;
    }
    wlr_texture_init(&texture->base, &texture_impl, (uint32_t)buffer->width,
                     (uint32_t)buffer->height);
    texture->buffer = wlr_buffer_lock(buffer);
    return &texture->base;
}

/* ---- the renderer ---- */

static bool bind_buffer(struct wlr_renderer *renderer, struct wlr_buffer *buffer)
{
    (void)renderer;
    (void)buffer;
    return false;
}

static void begin(struct wlr_renderer *renderer, uint32_t width, uint32_t height)
{
    (void)renderer;
    (void)width;
    (void)height;
}

static void clear(struct wlr_renderer *renderer, const float color[static 4])
{
    (void)renderer;
    (void)color;
}

static void scissor(struct wlr_renderer *renderer, struct wlr_box *box)
{
    (void)renderer;
    (void)box;
}

static bool render_texture(struct wlr_renderer *renderer, struct wlr_texture *texture,
                           const struct wlr_fbox *box, const float matrix[static 9], float alpha)
{
    (void)renderer;
    (void)texture;
    (void)box;
    (void)matrix;
    (void)alpha;
    return false;
}

static void render_quad(struct wlr_renderer *renderer, const float color[static 4],
                        const float matrix[static 9])
{
    (void)renderer;
    (void)color;
    (void)matrix;
}

static const uint32_t *shm_formats(struct wlr_renderer *renderer, size_t *len)
{
    (void)renderer;
    *len = GS_ARRAY_SIZE(formats);
    return formats;
}

static const struct wlr_drm_format_set *dmabuf_formats(struct wlr_renderer *renderer)
{
    struct gs_desktop *d = wl_container_of(renderer, d, renderer);

    return d->dmabuf_formats;
}

static int get_drm_fd(struct wlr_renderer *renderer)
{
    struct gs_desktop *d = wl_container_of(renderer, d, renderer);

    return d->drm_fd;
}

static uint32_t render_buffer_caps(struct wlr_renderer *renderer)
{
    (void)renderer;
    return WLR_BUFFER_CAP_DATA_PTR;
}

static void renderer_destroy(struct wlr_renderer *renderer)
{
    (void)renderer; /* part of gs_desktop */
}

static const struct wlr_renderer_impl renderer_impl = {
    .bind_buffer = bind_buffer,
    .begin = begin,
    .clear = clear,
    .scissor = scissor,
    .render_subtexture_with_matrix = render_texture,
    .render_quad_with_matrix = render_quad,
    .get_shm_texture_formats = shm_formats,
    .get_dmabuf_texture_formats = dmabuf_formats,
    .get_drm_fd = get_drm_fd,
    .get_render_buffer_caps = render_buffer_caps,
    .texture_from_buffer = texture_from_buffer,
    .destroy = renderer_destroy,
};

static void add_modifiers(struct gs_desktop *d, uint32_t format)
{
    PFNEGLQUERYDMABUFMODIFIERSEXTPROC query = (PFNEGLQUERYDMABUFMODIFIERSEXTPROC)(void (*)(
        void))eglGetProcAddress("eglQueryDmaBufModifiersEXT");
    EGLDisplay display = d->base.params.egl->display;
    EGLuint64KHR modifiers[128];
    EGLBoolean external[128];
    EGLint n = 0;

    wlr_drm_format_set_add(d->dmabuf_formats, format, DRM_FORMAT_MOD_INVALID);
    if (!query ||
        !query(display, (EGLint)format, GS_ARRAY_SIZE(modifiers), modifiers, external, &n))
        return;
    for (EGLint i = 0; i < n; i++) {
        if (!external[i]) /* the converters sample ordinary 2D textures */
            wlr_drm_format_set_add(d->dmabuf_formats, format, modifiers[i]);
    }
}

static void init_dmabuf(struct gs_desktop *d)
{
    const struct gs_egl *egl = d->base.params.egl;

    if (!egl || !egl->dmabuf_import || !egl->render_node[0])
        return;
    d->drm_fd = open(egl->render_node, O_RDWR | O_CLOEXEC);
    if (d->drm_fd < 0) {
        gs_warn("no linux-dmabuf: %s: %s", egl->render_node, strerror(errno));
        return;
    }
    d->dmabuf_formats = g_new0(struct wlr_drm_format_set, 1);
    for (size_t i = 0; i < GS_ARRAY_SIZE(formats); i++)
        add_modifiers(d, formats[i]);
}

int gs_renderer_init(struct gs_desktop *d)
{
    wlr_renderer_init(&d->renderer, &renderer_impl);
    d->renderer_ready = true;
    init_dmabuf(d);
    if (!wlr_renderer_init_wl_display(&d->renderer, d->display))
        return -ENOMEM;
    return 0;
}

void gs_renderer_finish(struct gs_desktop *d)
{
    if (d->renderer_ready)
        wlr_renderer_destroy(&d->renderer);
    if (d->dmabuf_formats) {
        wlr_drm_format_set_finish(d->dmabuf_formats);
        g_free(d->dmabuf_formats);
    }
    if (d->drm_fd >= 0)
        close(d->drm_fd);
    g_clear_pointer(&d->spare_texture, g_free);
}
