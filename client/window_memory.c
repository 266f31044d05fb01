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
#include "client/window_wayland.h"
#include "client/yuv_rgb.h"
#include "common/log.h"

/* What a piece of memory, or the screen, holds. */
struct content {
    struct gs_letterbox box;    /* 0×0: not known; black around it */
    struct gs_picture *picture; /* NULL: nothing that could be compared with */
    uint32_t overlay_end;       /* rows of the picture that the overlay covers; 0: none */
};

struct gs_window_memory {
    SDL_Window *window;
    struct gs_wayland_shm *wayland;             /* NULL: SDL has the window's memory */
    SDL_Surface *surface;                       /* SDL's, as it was last time */
    struct content buffers[GS_WAYLAND_BUFFERS]; /* the first, with SDL's */
    struct content screen;
    SDL_Surface *deep; /* what is drawn into where SDL's memory is not 32 bits deep */

    uint8_t *scratch; /* the picture in RGB before scaling */
    size_t scratch_size;
};

/* ---- content ---- */

static void set_picture(struct content *c, struct gs_picture *pic)
{
    if (pic)
        gs_picture_ref(pic);
    gs_picture_unref(c->picture);
    c->picture = pic;
}

static void forget(struct content *c)
{
    set_picture(c, NULL);
    c->box = (struct gs_letterbox){0};
    c->overlay_end = 0;
}

static bool box_equal(const struct gs_letterbox *a, const struct gs_letterbox *b)
{
    return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height &&
           a->picture_width == b->picture_width && a->picture_height == b->picture_height;
}

/* The rows of pic in which c differs from what it will be. */
static void find_damage(const struct content *c, const struct gs_letterbox *box,
                        struct gs_picture *pic, uint32_t overlay_end, struct gs_damage *ret)
{
    if (box_equal(&c->box, box))
        gs_damage_find(c->picture, pic, ret);
    else
        gs_damage_all(pic, ret);
    gs_damage_add_top(ret, pic, GS_MAX(c->overlay_end, overlay_end));
}

static void set_content(struct content *c, const struct gs_letterbox *box, struct gs_picture *pic,
                        uint32_t overlay_end)
{
    set_picture(c, pic);
    c->box = *box;
    c->overlay_end = overlay_end;
}

/* What the overlay covers, as rows of the picture. */
static uint32_t find_overlay_end(const struct gs_letterbox *box, const char *text)
{
    uint32_t width, height;

    if (!text)
        return 0;
    gs_overlay_size(text, GS_OVERLAY_SCALE, &width, &height);
    return (uint32_t)((uint64_t)height * box->picture_height / (uint32_t)box->height + 1);
}

/* ---- drawing ---- */

static bool is_scaled(const struct gs_letterbox *box)
{
    return box->width != (int)box->picture_width || box->height != (int)box->picture_height;
}

/* The rows of the window that some of the picture's reach when scaled, counted from the picture's
 * top; a filter sees the neighbours, too. */
static struct gs_row_range window_rows(const struct gs_letterbox *box,
                                       const struct gs_row_range *rows)
{
    uint64_t height = (uint64_t)box->height, of = box->picture_height;
    uint64_t first = rows->first > 2 ? rows->first - 2 : 0;

    if (!is_scaled(box))
        return *rows;
    return (struct gs_row_range){
        (uint32_t)(first * height / of),
        (uint32_t)GS_MIN((((uint64_t)rows->end + 2) * height + of - 1) / of, height)};
}

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

static void draw_scaled(struct gs_window_memory *mem, const struct gs_letterbox *box,
                        const struct gs_picture *pic, const struct gs_row_range *rows, uint8_t *to,
                        int stride)
{
    struct gs_row_range reach = window_rows(box, rows);
    /* What the filter sees beyond the rows is converted, too: the scratch may be of another. */
    uint32_t margin = 8 + 2 * pic->height / (uint32_t)box->height;
    struct gs_row_range seen = {rows->first > margin ? (rows->first - margin) & ~1U : 0,
                                GS_MIN(rows->end + margin, pic->height)};
    int width = (int)pic->width;

    gs_yuv_to_bgra(pic, seen.first, seen.end, mem->scratch, pic->width * 4);
    ARGBScaleClip(mem->scratch, width * 4, width, (int)pic->height, to, stride, box->width,
                  box->height, 0, (int)reach.first, box->width, (int)(reach.end - reach.first),
                  box->width < width ? kFilterBox : kFilterBilinear);
}

static void draw(struct gs_window_memory *mem, SDL_Surface *surface, const struct gs_letterbox *box,
                 const struct gs_picture *pic, const struct gs_damage *damage, const char *overlay)
{
    uint8_t *to = (uint8_t *)surface->pixels + box->y * surface->pitch + box->x * 4;

    for (unsigned i = 0; i < damage->n; i++) {
        const struct gs_row_range *r = &damage->ranges[i];

        if (is_scaled(box))
            draw_scaled(mem, box, pic, r, to, surface->pitch);
        else
            gs_yuv_to_bgra(pic, r->first, r->end, to, (uint32_t)surface->pitch);
    }
    if (overlay)
        gs_overlay_draw(to, (uint32_t)surface->pitch, (uint32_t)box->width, (uint32_t)box->height,
                        overlay, GS_OVERLAY_SCALE);
}

/* Draws what the buffer lacks. */
static void update(struct gs_window_memory *mem, struct content *c, SDL_Surface *surface,
                   const struct gs_letterbox *box, struct gs_picture *pic, const char *overlay)
{
    uint32_t overlay_end = find_overlay_end(box, overlay);
    struct gs_damage damage;

    find_damage(c, box, pic, overlay_end, &damage);
    if (!box_equal(&c->box, box))
        SDL_FillRect(surface, NULL, SDL_MapRGB(surface->format, 0, 0, 0));
    draw(mem, surface, box, pic, &damage, overlay);
    set_content(c, box, pic, overlay_end);
}

/* ---- the window's memory ---- */

static bool is_deep(const SDL_Surface *s)
{
    return s->format->BytesPerPixel == 4 && s->format->Rmask == 0xff0000 &&
           s->format->Bmask == 0xff;
}

/* SDL would go through a texture of an OpenGL in software: 15 ms a frame instead of 1. */
static SDL_Surface *get_surface(SDL_Window *window)
{
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    return SDL_GetWindowSurface(window);
}

/* A display of 16 or 30 bits: draw in 32, let SDL convert. NULL: no memory. */
static SDL_Surface *get_deep(struct gs_window_memory *mem)
{
    if (!mem->deep)
        mem->deep = SDL_CreateRGBSurfaceWithFormat(0, mem->surface->w, mem->surface->h, 32,
                                                   SDL_PIXELFORMAT_RGB888);
    return mem->deep;
}

void gs_window_memory_invalidate(struct gs_window_memory *mem)
{
    for (int i = 0; i < GS_WAYLAND_BUFFERS; i++)
        forget(&mem->buffers[i]);
    forget(&mem->screen);
}

/* SDL gives another surface when the window has another size; its content is not defined. */
static SDL_Surface *take_sdl(struct gs_window_memory *mem)
{
    SDL_Surface *surface = get_surface(mem->window);

    if (!surface)
        gs_error("no memory of the window to draw into: %s", SDL_GetError());
    if (surface != mem->surface) {
        mem->surface = surface;
        if (mem->deep)
            SDL_FreeSurface(mem->deep);
        mem->deep = NULL;
        gs_window_memory_invalidate(mem);
    }
    return surface && !is_deep(surface) ? get_deep(mem) : surface;
}

/* NULL: it is logged why. */
static SDL_Surface *take(struct gs_window_memory *mem, struct content **ret)
{
    SDL_Surface *surface;
    unsigned which;
    bool fresh;

    *ret = &mem->buffers[0];
    if (!mem->wayland)
        return take_sdl(mem);
    surface = gs_wayland_shm_take(mem->wayland, &which, &fresh);
    *ret = &mem->buffers[which];
    if (fresh)
        forget(*ret);
    return surface;
}

static void commit(struct gs_window_memory *mem, const SDL_Rect *rects, int n)
{
    if (mem->wayland) {
        gs_wayland_shm_commit(mem->wayland, rects, n);
        return;
    }
    for (int i = 0; i < n && mem->deep; i++) {
        SDL_Rect to = rects[i];

        SDL_BlitSurface(mem->deep, &rects[i], mem->surface, &to);
    }
    SDL_UpdateWindowSurfaceRects(mem->window, rects, n);
}

static void show_black(struct gs_window_memory *mem, struct content *c, SDL_Surface *surface)
{
    SDL_FillRect(surface, NULL, SDL_MapRGB(surface->format, 0, 0, 0));
    forget(c);
    forget(&mem->screen);
    commit(mem, &(SDL_Rect){0, 0, surface->w, surface->h}, 1);
}

/* Where the screen differs from what it will show. */
static int find_rects(const struct gs_window_memory *mem, const SDL_Surface *surface,
                      const struct gs_letterbox *box, struct gs_picture *pic, uint32_t overlay_end,
                      SDL_Rect rects[GS_DAMAGE_RANGES])
{
    struct gs_damage damage;

    if (!box_equal(&mem->screen.box, box)) {
        rects[0] = (SDL_Rect){0, 0, surface->w, surface->h};
        return 1;
    }
    find_damage(&mem->screen, box, pic, overlay_end, &damage);
    for (unsigned i = 0; i < damage.n; i++) {
        struct gs_row_range r = window_rows(box, &damage.ranges[i]);

        rects[i] = (SDL_Rect){box->x, box->y + (int)r.first, box->width, (int)(r.end - r.first)};
    }
    return (int)damage.n;
}

void gs_window_memory_show(struct gs_window_memory *mem, struct gs_picture *pic,
                           const char *overlay)
{
    SDL_Rect rects[GS_DAMAGE_RANGES];
    struct gs_letterbox box;
    struct content *buffer;
    SDL_Surface *surface = take(mem, &buffer);
    int n;

    if (!surface)
        return;
    if (pic)
        box = gs_letterbox_fit(surface->w, surface->h, pic->width, pic->height);
    if (!pic || gs_picture_map(pic) != 0 || (is_scaled(&box) && !fit_scratch(mem, pic))) {
        show_black(mem, buffer, surface);
        return;
    }
    n = find_rects(mem, surface, &box, pic, find_overlay_end(&box, overlay), rects);
    if (n == 0) {
        set_picture(&mem->screen, pic);
        return;
    }
    update(mem, buffer, surface, &box, pic, overlay);
    set_content(&mem->screen, &box, pic, buffer->overlay_end);
    commit(mem, rects, n);
}

/* ---- life ---- */

int gs_window_memory_create(SDL_Window *window, struct gs_window_memory **ret)
{
    struct gs_window_memory *mem = g_new0(struct gs_window_memory, 1);
    int err = gs_wayland_shm_create(window, &mem->wayland);

    mem->window = window;
    if (err == -ENOTSUP && get_surface(window)) {
        err = 0;
    } else if (err) {
        gs_error("can't draw into the window: %s", SDL_GetError());
        err = -EIO;
    }
    if (err) {
        gs_window_memory_destroy(mem);
        return err;
    }
    *ret = mem;
    return 0;
}

void gs_window_memory_destroy(struct gs_window_memory *mem)
{
    if (!mem)
        return;
    gs_window_memory_invalidate(mem);
    gs_wayland_shm_destroy(mem->wayland);
    if (mem->deep)
        SDL_FreeSurface(mem->deep);
    g_free(mem->scratch);
    g_free(mem);
}
