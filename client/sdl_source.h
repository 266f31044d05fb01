/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SDL's events in a GLib main loop, without polling: it sleeps on the display's own connection. */
#pragma once

#include <SDL.h>
#include <glib.h>

/* Attached to the default main context; the caller destroys and unrefs it. The window tells which
 * connection. Thread: the one that initialised SDL. */
GSource *gs_sdl_source_create(SDL_Window *window, void (*event)(void *user, const SDL_Event *event),
                              void *user);
