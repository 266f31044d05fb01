/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/convert_gl_timer.h"

#include <EGL/egl.h>
#include <GLES3/gl3.h>
/* After the core's header, whose types it uses. */
#include <GLES2/gl2ext.h>
#include <glib.h>
#include <stdbool.h>

#include "common/clock.h"
#include "common/egl_words.h"

#define PAIRS 8
#define LONGEST (10 * GS_NS_PER_S) /* more is no pass, but a clock that jumped */

struct gs_gl_timer {
    GLuint begin[PAIRS], end[PAIRS];
    unsigned first, n; /* under way, in a ring; the last may have no end yet */
    bool open;
    uint64_t mask; /* of the GPU's counter */
    PFNGLQUERYCOUNTEREXTPROC counter;
    PFNGLGETQUERYOBJECTUI64VEXTPROC value;
};

static unsigned counter_bits(void)
{
    PFNGLGETQUERYIVEXTPROC get = (PFNGLGETQUERYIVEXTPROC)eglGetProcAddress("glGetQueryivEXT");
    GLint bits = 0;

    if (get)
        get(GL_TIMESTAMP_EXT, GL_QUERY_COUNTER_BITS_EXT, &bits);
    return bits > 0 ? (unsigned)bits : 0;
}

struct gs_gl_timer *gs_gl_timer_create(void)
{
    struct gs_gl_timer *t;
    unsigned bits;

    if (!gs_egl_list_has((const char *)glGetString(GL_EXTENSIONS), "GL_EXT_disjoint_timer_query"))
        return NULL;
    bits = counter_bits();
    if (!bits)
        return NULL;
    t = g_new0(struct gs_gl_timer, 1);
    t->mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    t->counter = (PFNGLQUERYCOUNTEREXTPROC)eglGetProcAddress("glQueryCounterEXT");
    t->value = (PFNGLGETQUERYOBJECTUI64VEXTPROC)eglGetProcAddress("glGetQueryObjectui64vEXT");
    if (!t->counter || !t->value) {
        g_free(t);
        return NULL;
    }
    glGenQueries(PAIRS, t->begin);
    glGenQueries(PAIRS, t->end);
    return t;
}

void gs_gl_timer_destroy(struct gs_gl_timer *t)
{
    if (!t)
        return;
    glDeleteQueries(PAIRS, t->begin);
    glDeleteQueries(PAIRS, t->end);
    g_free(t);
}

void gs_gl_timer_begin(struct gs_gl_timer *t)
{
    if (!t || t->open || t->n == PAIRS)
        return;
    t->counter(t->begin[(t->first + t->n) % PAIRS], GL_TIMESTAMP_EXT);
    t->open = true;
}

void gs_gl_timer_end(struct gs_gl_timer *t)
{
    if (!t || !t->open)
        return;
    t->counter(t->end[(t->first + t->n) % PAIRS], GL_TIMESTAMP_EXT);
    t->open = false;
    t->n++;
}

/* They become ready in order. */
static bool take_first(struct gs_gl_timer *t, uint64_t *ret)
{
    GLuint ready = GL_FALSE;
    GLuint64 begin, end;

    if (t->n == 0)
        return false;
    glGetQueryObjectuiv(t->end[t->first], GL_QUERY_RESULT_AVAILABLE, &ready);
    if (!ready)
        return false;
    t->value(t->begin[t->first], GL_QUERY_RESULT, &begin);
    t->value(t->end[t->first], GL_QUERY_RESULT, &end);
    t->first = (t->first + 1) % PAIRS;
    t->n--;
    *ret = (end - begin) & t->mask; /* the counter wraps */
    return true;
}

uint64_t gs_gl_timer_take(struct gs_gl_timer *t)
{
    uint64_t sum = 0, ns;
    GLint disjoint = 0;

    if (!t)
        return 0;
    while (take_first(t, &ns))
        sum += ns < LONGEST ? ns : 0;
    glGetIntegerv(GL_GPU_DISJOINT_EXT, &disjoint);
    if (!disjoint)
        return sum;
    t->first = (t->first + t->n) % PAIRS;
    t->n = 0;
    t->open = false;
    return 0;
}
