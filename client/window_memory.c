/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/window_memory.h"

#include <errno.h>
#include <glib.h>
#include <libyuv.h>
#include <stdbool.h>
#include <string.h>

#include "client/damage.h"
#include "client/letterbox.h"
#include "client/overlay.h"
#include "client/yuv_rgb.h"
#include "common/log.h"

struct gs_window_memory {
    SDL_Window *window;
    SDL_Surface *surface; /* the window's, as it was last time */
    SDL_Surface *deep;    /* what is drawn into where the window's is not 32 bits deep */
    struct gs_letterbox box;
    struct gs_picture *shown; /* NULL: nothing that could be compared with */
    uint32_t overlay_end;     /* rows of the picture that the overlay covers; 0: none */

    uint8_t *scratch; /* the picture in RGB before scaling */
    size_t scratch_size;
};

static bool fit_scratch(struct gs_window_memory *mem, const struct gs_picture *pic)
{
    size_t size = (size_t)pic->width * 4 * pic->height;

    if (mem->scratch_size < size) {
        g_free(mem->scratch);
        mem->scratch = g_try_malloc(size);
        mem->scratch_size = mem->scratch ? size : 0;
    }
    return mem->scratch != NULL;
}

/* The rows of the window that some of the picture's reach when scaled; a filter sees the
 * neighbours, too. */
static struct gs_row_range scale_rows(const struct gs_letterbox *box,
                                      const struct gs_row_range *rows)
{
    uint64_t height = (uint64_t)box->height, of = box->picture_height;
    uint64_t first = rows->first > 2 ? rows->first - 2 : 0;

    return (struct gs_row_range){
        (uint32_t)(first * height / of),
        (uint32_t)GS_MIN((((uint64_t)rows->end + 2) * height + of - 1) / of, height)};
}

static bool draw_scaled(struct gs_window_memory *mem, const struct gs_picture *pic,
                        const struct gs_row_range *rows, uint8_t *to, int stride,
                        struct gs_row_range *ret)
{
    const struct gs_letterbox *box = &mem->box;
    int width = (int)pic->width, height = (int)pic->height;

    *ret = scale_rows(box, rows);
    gs_yuv_to_bgra(pic, rows->first, rows->end, mem->scratch, pic->width * 4);
    return ARGBScaleClip(mem->scratch, width * 4, width, height, to, stride, box->width,
                         box->height, 0, (int)ret->first, box->width, (int)(ret->end - ret->first),
                         box->width < width ? kFilterBox : kFilterBilinear) == 0;
}

/* Draws the rows and says which of the window's these are, counted from the picture's top. */
static bool draw_rows(struct gs_window_memory *mem, const struct gs_picture *pic,
                      const struct gs_row_range *rows, uint8_t *to, int stride,
                      struct gs_row_range *ret)
{
    if (mem->box.width != (int)pic->width || mem->box.height != (int)pic->height)
        return draw_scaled(mem, pic, rows, to, stride, ret);
    *ret = *rows;
    gs_yuv_to_bgra(pic, rows->first, rows->end, to, (uint32_t)stride);
    return true;
}

/* What the overlay covers, as rows of the picture. */
static uint32_t overlay_end(const struct gs_letterbox *box, const char *text)
{
    uint32_t width, height;

    if (!text)
        return 0;
    gs_overlay_size(text, GS_OVERLAY_SCALE, &width, &height);
    return (uint32_t)((uint64_t)height * box->picture_height / (uint32_t)box->height + 1);
}

static void find_damage(struct gs_window_memory *mem, struct gs_picture *pic, const char *overlay,
                        struct gs_damage *damage)
{
    uint32_t before = mem->overlay_end;

    gs_damage_find(mem->shown, pic, damage);
    mem->overlay_end = overlay_end(&mem->box, overlay);
    gs_damage_add_top(damage, pic, GS_MAX(before, mem->overlay_end));
}

static void draw(struct gs_window_memory *mem, SDL_Surface *surface, struct gs_picture *pic,
                 const char *overlay, SDL_Rect rects[GS_DAMAGE_RANGES], int *ret_n)
{
    const struct gs_letterbox *box = &mem->box;
    uint8_t *to = (uint8_t *)surface->pixels + box->y * surface->pitch + box->x * 4;
    struct gs_damage damage;

    *ret_n = 0;
    if (!fit_scratch(mem, pic))
        return;
    find_damage(mem, pic, overlay, &damage);
    for (unsigned i = 0; i < damage.n; i++) {
        struct gs_row_range drawn;

        if (draw_rows(mem, pic, &damage.ranges[i], to, surface->pitch, &drawn))
            rects[(*ret_n)++] = (SDL_Rect){box->x, box->y + (int)drawn.first, box->width,
                                           (int)(drawn.end - drawn.first)};
    }
    if (overlay)
        gs_overlay_draw(to, (uint32_t)surface->pitch, (uint32_t)box->width, (uint32_t)box->height,
                        overlay, GS_OVERLAY_SCALE);
}

static void remember(struct gs_window_memory *mem, struct gs_picture *pic)
{
    gs_picture_unref(mem->shown);
    mem->shown = pic ? gs_picture_ref(pic) : NULL;
}

static bool is_deep(const SDL_Surface *s)
{
    return s->format->BytesPerPixel == 4 && s->format->Rmask == 0xff0000 &&
           s->format->Bmask == 0xff;
}

/* A display of 16 or 30 bits: draw in 32, let SDL convert. NULL: no memory. */
static SDL_Surface *drawn_surface(struct gs_window_memory *mem)
{
    if (is_deep(mem->surface))
        return mem->surface;
    if (!mem->deep)
        mem->deep = SDL_CreateRGBSurfaceWithFormat(0, mem->surface->w, mem->surface->h, 32,
                                                   SDL_PIXELFORMAT_RGB888);
    return mem->deep;
}

/* SDL would go through a texture of an OpenGL in software: 15 ms a frame instead of 1. */
static SDL_Surface *get_surface(SDL_Window *window)
{
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    return SDL_GetWindowSurface(window);
}

void gs_window_memory_invalidate(struct gs_window_memory *mem)
{
    remember(mem, NULL);
    memset(&mem->box, 0, sizeof(mem->box));
}

/* SDL gives another surface when the window has another size; its content is not defined. */
static bool take_surface(struct gs_window_memory *mem)
{
    SDL_Surface *surface = get_surface(mem->window);

    if (!surface)
        gs_error("no memory of the window to draw into: %s", SDL_GetError());
    if (surface == mem->surface)
        return surface;
    mem->surface = surface;
    if (mem->deep)
        SDL_FreeSurface(mem->deep);
    mem->deep = NULL;
    gs_window_memory_invalidate(mem);
    return surface;
}

/* The memory is kept from picture to picture, so the borders are cleared when they move. Returns
 * whether they did. */
static bool fit_box(struct gs_window_memory *mem, SDL_Surface *surface,
                    const struct gs_picture *pic)
{
    struct gs_letterbox box = gs_letterbox_fit(surface->w, surface->h, pic->width, pic->height);

    if (memcmp(&mem->box, &box, sizeof(box)) == 0)
        return false;
    SDL_FillRect(surface, NULL, SDL_MapRGB(surface->format, 0, 0, 0));
    remember(mem, NULL);
    mem->box = box;
    return true;
}

static void show_black(struct gs_window_memory *mem)
{
    gs_window_memory_invalidate(mem);
    SDL_FillRect(mem->surface, NULL, 0);
    SDL_UpdateWindowSurface(mem->window);
}

void gs_window_memory_show(struct gs_window_memory *mem, struct gs_picture *pic,
                           const char *overlay)
{
    SDL_Rect rects[GS_DAMAGE_RANGES];
    SDL_Surface *surface;
    bool all;
    int n;

    if (!take_surface(mem))
        return;
    surface = drawn_surface(mem);
    if (!pic || !surface || gs_picture_map(pic) != 0) {
        show_black(mem);
        return;
    }
    all = fit_box(mem, surface, pic);
    draw(mem, surface, pic, overlay, rects, &n);
    remember(mem, pic);
    for (int i = 0; i < n && surface == mem->deep && !all; i++)
        SDL_BlitSurface(surface, &rects[i], mem->surface,
                        &(SDL_Rect){rects[i].x, rects[i].y, 0, 0});
    if (all && surface == mem->deep)
        SDL_BlitSurface(surface, NULL, mem->surface, NULL);
    if (all)
        SDL_UpdateWindowSurface(mem->window);
    else if (n > 0)
        SDL_UpdateWindowSurfaceRects(mem->window, rects, n);
}

int gs_window_memory_create(SDL_Window *window, struct gs_window_memory **ret)
{
    struct gs_window_memory *mem;

    if (!get_surface(window)) {
        gs_error("can't draw into the window: %s", SDL_GetError());
        return -EIO;
    }
    mem = g_new0(struct gs_window_memory, 1);
    mem->window = window;
    *ret = mem;
    return 0;
}

void gs_window_memory_destroy(struct gs_window_memory *mem)
{
    if (!mem)
        return;
    gs_picture_unref(mem->shown);
    if (mem->deep)
        SDL_FreeSurface(mem->deep);
    g_free(mem->scratch);
    g_free(mem);
}
