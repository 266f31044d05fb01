/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenes of random pictures in memory for the tests of converters. */
#pragma once

#include <glib.h>

#include "session/scene.h"

#define TEST_SURFACES 6

struct test_surface {
    uint64_t id;
    uint8_t *pixels;
    uint32_t stride;
    pixman_region32_t damage;
    bool gone;     /* begin fails */
    unsigned open; /* begins without end */
};

struct test_scene {
    struct gs_scene scene; /* what a converter gets */
    struct gs_layer layers[TEST_SURFACES];
    struct test_surface surfaces[TEST_SURFACES]; /* one for each layer */
    pixman_region32_t damage;
    GRand *random;
    uint64_t next_id;
};

/* No layers, everything damaged. The same seed makes the same scenes. */
void test_scene_init(struct test_scene *s, uint32_t width, uint32_t height, uint32_t seed);
void test_scene_finish(struct test_scene *s);
/* Adds a layer on top with random pixels, not scaled, its corner at x, y; extra bytes lie between
 * rows. Alpha comes with the ARGB and ABGR formats. */
struct gs_layer *test_scene_add(struct test_scene *s, uint32_t format, uint32_t width,
                                uint32_t height, int32_t x, int32_t y, uint32_t extra);
/* A layer of random place, size, format, scale where scaled, and turn. */
struct gs_layer *test_scene_add_random(struct test_scene *s, bool scaled);
/* Takes the top layer away. */
void test_scene_drop(struct test_scene *s);
/* Draws in a random rectangle of layer i; damages buffer and output. */
void test_scene_draw(struct test_scene *s, unsigned i);
/* Moves layer i to x, y and damages the output in both places. */
void test_scene_move(struct test_scene *s, unsigned i, int32_t x, int32_t y);
void test_scene_damage_all(struct test_scene *s);
/* As a source does after a capture. */
void test_scene_forget_damage(struct test_scene *s);
