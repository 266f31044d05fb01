/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/window_cursor.h"

#include <glib.h>
#include <libyuv.h>
#include <math.h>

#include "common/log.h"
#include "common/macros.h"

#define SIDE_MAX 512 /* after scaling */

static SDL_Cursor *create(uint8_t *bgra, int width, int height, int hot_x, int hot_y)
{
    SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormatFrom(bgra, width, height, 32, width * 4,
                                                              SDL_PIXELFORMAT_BGRA32);
    SDL_Cursor *cursor = NULL;

    if (surface)
        cursor =
            SDL_CreateColorCursor(surface, GS_MIN(hot_x, width - 1), GS_MIN(hot_y, height - 1));
    if (!cursor)
        gs_debug("no cursor of %dx%d: %s", width, height, SDL_GetError());
    SDL_FreeSurface(surface);
    return cursor;
}

SDL_Cursor *gs_window_cursor_create(const struct gs_cursor_msg *msg, double scale)
{
    int width = GS_CLAMP((int)lrint(msg->width * scale), 1, SIDE_MAX);
    int height = GS_CLAMP((int)lrint(msg->height * scale), 1, SIDE_MAX);
    g_autofree uint8_t *bgra = NULL;

    if (!msg->width || !msg->height || !msg->pixels)
        return NULL;
    bgra = g_malloc((size_t)width * (size_t)height * 4);
    if (ARGBScale(msg->pixels, msg->width * 4, msg->width, msg->height, bgra, width * 4, width,
                  height, kFilterBilinear) != 0)
        return NULL;
    /* SDL wants straight alpha. */
    ARGBUnattenuate(bgra, width * 4, bgra, width * 4, width, height);
    return create(bgra, width, height, (int)(msg->hot_x * scale), (int)(msg->hot_y * scale));
}
