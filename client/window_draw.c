/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/window_draw.h"

#include <errno.h>
#include <glib.h>
#include <libavutil/frame.h>
#include <libyuv.h>
#include <stdbool.h>
#include <string.h>

#include "client/letterbox.h"
#include "client/overlay.h"
#include "common/log.h"

#define OVERLAY_SCALE 2
#define GL_RENDERER_NAME 0x1F01 /* GL_RENDERER */

struct gs_window_draw {
    SDL_Window *window;

    SDL_Renderer *renderer; /* NULL: the window's memory is drawn into */
    SDL_Texture *texture;
    uint32_t texture_format;
    int texture_width, texture_height;

    uint8_t *scratch; /* the picture in RGB before scaling */
    size_t scratch_size;
    struct gs_letterbox cleared; /* the borders are black for this */
};

/* ---- GPU ---- */

/* Also what says that loading a GL (some 40 ms and 30 MB) is worth while. */
static bool have_gpu(void)
{
    g_autoptr(GDir) dri = g_dir_open("/dev/dri", 0, NULL);
    const char *name;

    while (dri && (name = g_dir_read_name(dri))) {
        if (g_str_has_prefix(name, "renderD") || g_str_has_prefix(name, "card"))
            return true;
    }
    return g_file_test("/dev/nvidiactl", G_FILE_TEST_EXISTS);
}

static bool gl_is_software(void)
{
    const unsigned char *(*get_string)(unsigned);
    void *proc = SDL_GL_GetProcAddress("glGetString");
    const char *name = NULL;

    memcpy(&get_string, &proc, sizeof(get_string));
    if (get_string)
        name = (const char *)get_string(GL_RENDERER_NAME);
    gs_debug("GL renderer: %s", name ? name : "not known");
    return name && (strstr(name, "llvmpipe") || strstr(name, "softpipe") || strstr(name, "swrast"));
}

static SDL_Renderer *create_renderer(SDL_Window *window)
{
    bool wanted = SDL_GetHint(SDL_HINT_RENDER_DRIVER) != NULL;
    /* SDL has no window memory on Wayland: it would go through a renderer all the same. */
    bool needed = g_strcmp0(SDL_GetCurrentVideoDriver(), "wayland") == 0;
    SDL_Renderer *renderer;

    if (!wanted && !needed && !have_gpu())
        return NULL;
    renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED);
    if (!renderer) {
        gs_info("no GPU to show pictures with: %s", SDL_GetError());
    } else if (!wanted && !needed && gl_is_software()) {
        SDL_DestroyRenderer(renderer);
        renderer = NULL;
    }
    return renderer;
}

static bool fit_texture(struct gs_window_draw *d, const AVFrame *f)
{
    uint32_t format = f->format == AV_PIX_FMT_NV12 ? SDL_PIXELFORMAT_NV12 : SDL_PIXELFORMAT_IYUV;

    if (d->texture && d->texture_format == format && d->texture_width == f->width &&
        d->texture_height == f->height)
        return true;
    if (d->texture)
        SDL_DestroyTexture(d->texture);
    d->texture =
        SDL_CreateTexture(d->renderer, format, SDL_TEXTUREACCESS_STREAMING, f->width, f->height);
    d->texture_format = format;
    d->texture_width = f->width;
    d->texture_height = f->height;
    if (!d->texture) {
        gs_error("no texture for the picture: %s", SDL_GetError());
        return false;
    }
    SDL_SetTextureScaleMode(d->texture, SDL_ScaleModeLinear);
    return true;
}

static bool upload(struct gs_window_draw *d, const AVFrame *f)
{
    if (!fit_texture(d, f))
        return false;
    if (f->format == AV_PIX_FMT_NV12)
        return SDL_UpdateNVTexture(d->texture, NULL, f->data[0], f->linesize[0], f->data[1],
                                   f->linesize[1]) == 0;
    return SDL_UpdateYUVTexture(d->texture, NULL, f->data[0], f->linesize[0], f->data[1],
                                f->linesize[1], f->data[2], f->linesize[2]) == 0;
}

static void render_overlay(struct gs_window_draw *d, const struct gs_letterbox *box,
                           const char *text)
{
    SDL_Rect at = {.x = box->x, .y = box->y};
    uint32_t width, height;
    SDL_Surface *surface;
    SDL_Texture *texture;

    gs_overlay_size(text, OVERLAY_SCALE, &width, &height);
    surface =
        SDL_CreateRGBSurfaceWithFormat(0, (int)width, (int)height, 32, SDL_PIXELFORMAT_BGRA32);
    if (!surface)
        return;
    gs_overlay_draw(surface->pixels, (uint32_t)surface->pitch, width, height, text, OVERLAY_SCALE);
    texture = SDL_CreateTextureFromSurface(d->renderer, surface);
    SDL_FreeSurface(surface);
    if (!texture)
        return;
    at.w = (int)width;
    at.h = (int)height;
    SDL_RenderCopy(d->renderer, texture, NULL, &at);
    SDL_DestroyTexture(texture);
}

static void render(struct gs_window_draw *d, const AVFrame *f, const char *overlay)
{
    struct gs_letterbox box;
    SDL_Rect to;
    int width, height;

    SDL_SetRenderDrawColor(d->renderer, 0, 0, 0, 255);
    SDL_RenderClear(d->renderer);
    if (f && SDL_GetRendererOutputSize(d->renderer, &width, &height) == 0 && upload(d, f)) {
        box = gs_letterbox_fit(width, height, (uint32_t)f->width, (uint32_t)f->height);
        to = (SDL_Rect){box.x, box.y, box.width, box.height};
        SDL_RenderCopy(d->renderer, d->texture, NULL, &to);
        if (overlay)
            render_overlay(d, &box, overlay);
    }
    SDL_RenderPresent(d->renderer);
}

/* ---- memory ---- */

/* Within two of 255 of what snapshots have, at a tenth of the cost. */
static bool to_bgra(const AVFrame *f, uint8_t *to, int stride)
{
    const struct YuvConstants *matrix =
        f->format == AV_PIX_FMT_YUVJ420P ? &kYuvF709Constants : &kYuvH709Constants;

    if (f->format == AV_PIX_FMT_NV12)
        return NV12ToARGBMatrix(f->data[0], f->linesize[0], f->data[1], f->linesize[1], to, stride,
                                matrix, f->width, f->height) == 0;
    return I420ToARGBMatrix(f->data[0], f->linesize[0], f->data[1], f->linesize[1], f->data[2],
                            f->linesize[2], to, stride, matrix, f->width, f->height) == 0;
}

static bool convert_scaled(struct gs_window_draw *d, const struct gs_picture *pic, uint8_t *to,
                           int stride, const struct gs_letterbox *box)
{
    int width = pic->frame->width, height = pic->frame->height;
    size_t size = (size_t)width * 4 * (size_t)height;

    if (d->scratch_size < size) {
        g_free(d->scratch);
        d->scratch = g_try_malloc(size);
        d->scratch_size = d->scratch ? size : 0;
    }
    return d->scratch && to_bgra(pic->frame, d->scratch, width * 4) &&
           ARGBScale(d->scratch, width * 4, width, height, to, stride, box->width, box->height,
                     box->width < width ? kFilterBox : kFilterBilinear) == 0;
}

static bool convert(struct gs_window_draw *d, const struct gs_picture *pic, uint8_t *to, int stride,
                    const struct gs_letterbox *box)
{
    if (box->width != pic->frame->width || box->height != pic->frame->height)
        return convert_scaled(d, pic, to, stride, box);
    return to_bgra(pic->frame, to, stride);
}

/* The memory is kept from picture to picture, so the borders are cleared once. */
static void clear_borders(struct gs_window_draw *d, SDL_Surface *surface,
                          const struct gs_letterbox *box)
{
    if (memcmp(&d->cleared, box, sizeof(*box)) == 0)
        return;
    SDL_FillRect(surface, NULL, SDL_MapRGB(surface->format, 0, 0, 0));
    d->cleared = *box;
}

static void draw(struct gs_window_draw *d, SDL_Surface *surface, const struct gs_picture *pic,
                 const char *overlay)
{
    struct gs_letterbox box = gs_letterbox_fit(surface->w, surface->h, (uint32_t)pic->frame->width,
                                               (uint32_t)pic->frame->height);
    uint8_t *to = (uint8_t *)surface->pixels + box.y * surface->pitch + box.x * 4;

    clear_borders(d, surface, &box);
    if (convert(d, pic, to, surface->pitch, &box) && overlay)
        gs_overlay_draw(to, (uint32_t)surface->pitch, (uint32_t)box.width, (uint32_t)box.height,
                        overlay, OVERLAY_SCALE);
}

/* A display of 16 or 30 bits: draw in 32, let SDL convert. */
static void draw_converted(struct gs_window_draw *d, SDL_Surface *surface,
                           const struct gs_picture *pic, const char *overlay)
{
    SDL_Surface *deep =
        SDL_CreateRGBSurfaceWithFormat(0, surface->w, surface->h, 32, SDL_PIXELFORMAT_RGB888);

    if (!deep)
        return;
    memset(&d->cleared, 0, sizeof(d->cleared));
    draw(d, deep, pic, overlay);
    SDL_BlitSurface(deep, NULL, surface, NULL);
    SDL_FreeSurface(deep);
}

/* SDL would go through a texture of an OpenGL in software: 15 ms a frame instead of 1. */
static SDL_Surface *get_surface(SDL_Window *window)
{
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    return SDL_GetWindowSurface(window);
}

static void show_in_memory(struct gs_window_draw *d, const struct gs_picture *pic,
                           const char *overlay)
{
    SDL_Surface *surface = get_surface(d->window);

    if (!surface) {
        gs_error("no memory of the window to draw into: %s", SDL_GetError());
        return;
    }
    if (!pic)
        SDL_FillRect(surface, NULL, 0);
    else if (surface->format->BytesPerPixel == 4 && surface->format->Rmask == 0xff0000 &&
             surface->format->Bmask == 0xff)
        draw(d, surface, pic, overlay);
    else
        draw_converted(d, surface, pic, overlay);
    SDL_UpdateWindowSurface(d->window);
}

/* ---- both ---- */

int gs_window_draw_create(SDL_Window *window, struct gs_window_draw **ret)
{
    struct gs_window_draw *d = g_new0(struct gs_window_draw, 1);

    d->window = window;
    d->renderer = create_renderer(window);
    if (d->renderer) {
        SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_BT709);
    } else if (!get_surface(window)) {
        gs_error("can't draw into the window: %s", SDL_GetError());
        gs_window_draw_destroy(d);
        return -EIO;
    }
    *ret = d;
    return 0;
}

void gs_window_draw_destroy(struct gs_window_draw *d)
{
    if (!d)
        return;
    if (d->texture)
        SDL_DestroyTexture(d->texture);
    if (d->renderer)
        SDL_DestroyRenderer(d->renderer);
    g_free(d->scratch);
    g_free(d);
}

void gs_window_draw_show(struct gs_window_draw *d, const struct gs_picture *pic,
                         const char *overlay)
{
    if (d->renderer)
        render(d, pic ? pic->frame : NULL, overlay);
    else
        show_in_memory(d, pic, overlay);
}
