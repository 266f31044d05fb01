/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session's cursor image as the window's. Thread: the one that initialised SDL. */
#pragma once

#include <SDL.h>

#include "common/proto.h"

/* A cursor of the image, scaled; NULL: it could not be made. Free with SDL_FreeCursor. */
SDL_Cursor *gs_window_cursor_create(const struct gs_cursor_msg *msg, double scale);
