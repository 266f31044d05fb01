/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scene, one converter and the picture it keeps up to date, for cmocka tests. */
#pragma once

#include "common/nv12.h"
#include "session/convert.h"
#include "tests/support/test_scene.h"

struct convert_fixture {
    struct test_scene s;
    struct gs_converter *conv;
    struct gs_nv12 pic;
};

/* Call first in main: which converter the fixtures use. 0, or the exit status of a test that has to
 * be skipped. */
int convert_fixture_setup(const char *converter);
void convert_fixture_teardown(void);

void convert_fixture_init(struct convert_fixture *f, uint32_t width, uint32_t height,
                          uint32_t seed);
void convert_fixture_finish(struct convert_fixture *f);
/* Converts what is damaged, then forgets the damage. */
void convert_fixture_capture(struct convert_fixture *f);
/* Fails the test where the picture is further than tolerance from the reference of the scene. */
void convert_fixture_assert_near(struct convert_fixture *f, unsigned tolerance);
/* Fails the test where a new converter makes another picture of the whole scene. */
void convert_fixture_assert_same_as_new(struct convert_fixture *f);
