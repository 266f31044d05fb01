/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The converter on a GPU. Layers become textures; unless one opaque layer fills the output, they
 * are composited into a canvas; two passes make luma and chroma, whose damaged parts are read back,
 * or which are the encoder's own.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "common/log.h"
#include "session/convert_gl_surface.h"
#include "session/convert_gl_textures.h"
#include "session/convert_gl_timer.h"
#include "session/convert_internal.h"
#include "session/egl.h"
#include "session/gl.h"
#include "shaders/shaders.h"

struct program {
    GLuint id;
    GLint area, size, map, picture, opaque, origin, last;
};

struct gl {
    struct gs_converter base;
    const struct gs_egl *egl;
    GArray *views;      /* struct gs_view; kept for its memory */
    GArray *texture_of; /* GLuint, one for each view from the base up */
    struct gs_gl_textures *textures;
    struct gs_gl_timer *timer; /* NULL: the driver has none */
    struct program composite, luma, chroma;
    struct gs_gl_target canvas;   /* valid only where just painted; made when first needed */
    struct gs_gl_targets targets; /* of our own, or the encoder's surface */
    GLuint vertices;              /* empty vertex array */
};

static void gl_close(struct gs_converter *base)
{
    struct gl *g = (struct gl *)base;

    if (base->surface_of)
        gs_gl_surface_detach(base->surface_of);
    gs_gl_textures_destroy(g->textures);
    gs_gl_timer_destroy(g->timer);
    gs_gl_target_finish(&g->canvas);
    gs_gl_target_finish(&g->targets.luma);
    gs_gl_target_finish(&g->targets.chroma);
    glDeleteProgram(g->composite.id);
    glDeleteProgram(g->luma.id);
    glDeleteProgram(g->chroma.id);
    glDeleteVertexArrays(1, &g->vertices);
    g_array_unref(g->views);
    g_array_unref(g->texture_of);
    g_free(g);
}

static int program_init(struct program *p, const char *fragment, char *why, size_t why_size)
{
    int r = gs_gl_program_create(gs_shader_quad, fragment, &p->id, why, why_size);

    if (r < 0)
        return r;
    p->area = glGetUniformLocation(p->id, "area");
    p->size = glGetUniformLocation(p->id, "size");
    p->map = glGetUniformLocation(p->id, "map");
    p->picture = glGetUniformLocation(p->id, "picture");
    p->opaque = glGetUniformLocation(p->id, "opaque");
    p->origin = glGetUniformLocation(p->id, "origin");
    p->last = glGetUniformLocation(p->id, "last");
    glUseProgram(p->id);
    glUniform1i(p->picture, 0);
    return 0;
}

/* GLES promises RGBA only; the rest is up to the driver, by framebuffer. */
static bool can_read(const struct gs_gl_target *target, GLenum format)
{
    GLint read_format = 0, read_type = 0;

    glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
    glGetIntegerv(GL_IMPLEMENTATION_COLOR_READ_FORMAT, &read_format);
    glGetIntegerv(GL_IMPLEMENTATION_COLOR_READ_TYPE, &read_type);
    return (GLenum)read_format == format && read_type == GL_UNSIGNED_BYTE;
}

static int targets_init(struct gl *g, char *why, size_t why_size)
{
    uint32_t width = gs_nv12_side(g->base.width), height = gs_nv12_side(g->base.height);
    int r = gs_gl_target_init(&g->targets.luma, GL_R8, width, height, why, why_size);

    if (r == 0)
        r = gs_gl_target_init(&g->targets.chroma, GL_RG8, width / 2, height / 2, why, why_size);
    if (r < 0)
        return r;
    if (!can_read(&g->targets.luma, GL_RED) || !can_read(&g->targets.chroma, GL_RG)) {
        snprintf(why, why_size, "R8 and RG8 cannot be read back");
        return -ENOTSUP;
    }
    return 0;
}

static int gl_open(struct gs_egl *egl, uint32_t width, uint32_t height, struct gs_converter **ret,
                   char *why, size_t why_size)
{
    struct gl *g;
    int r;

    if (!egl) {
        snprintf(why, why_size, "there is no EGL display");
        return -ENODEV;
    }
    g = g_new0(struct gl, 1);
    g->egl = egl;
    g->base.width = width;
    g->base.height = height;
    g->views = g_array_new(FALSE, FALSE, sizeof(struct gs_view));
    g->texture_of = g_array_new(FALSE, FALSE, sizeof(GLuint));
    g->textures = gs_gl_textures_create(egl);
    g->timer = gs_gl_timer_create();
    glGenVertexArrays(1, &g->vertices);
    r = program_init(&g->composite, gs_shader_composite, why, why_size);
    if (r == 0)
        r = program_init(&g->luma, gs_shader_rgb_to_nv12_y, why, why_size);
    if (r == 0)
        r = program_init(&g->chroma, gs_shader_rgb_to_nv12_uv, why, why_size);
    if (r == 0)
        r = targets_init(g, why, why_size);
    if (r < 0) {
        gl_close(&g->base);
        return r;
    }
    *ret = &g->base;
    return 0;
}

static struct gs_view *view_at(struct gl *g, unsigned i)
{
    return &g_array_index(g->views, struct gs_view, i);
}

/* False: a view has no pixels; it was dropped, which may uncover others. */
static bool get_textures(struct gl *g, unsigned base)
{
    g_array_set_size(g->texture_of, 0);
    for (unsigned i = base; i < g->views->len; i++) {
        GLuint texture = gs_gl_textures_get(g->textures, view_at(g, i));

        if (!texture) {
            g_array_remove_index(g->views, i);
            return false;
        }
        g_array_append_val(g->texture_of, texture);
    }
    return true;
}

/* Brings the textures of all that can be seen up to date, also where nothing of the output is
 * damaged: the source tells damage once. Returns the lowest view to draw. */
static unsigned prepare_textures(struct gl *g)
{
    unsigned base;

    do {
        base = gs_views_base(g->views, g->base.width, g->base.height);
        if (base == g->views->len)
            base = 0;
    } while (!get_textures(g, base));
    return base;
}

/* box in pixels of the output; scale 2 draws to a target of half size. */
static void draw(const pixman_box32_t *box, int scale)
{
    glScissor(box->x1 / scale, box->y1 / scale, (box->x2 - box->x1) / scale,
              (box->y2 - box->y1) / scale);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}

static void set_map(const struct program *p, const struct gs_view *v)
{
    const struct gs_layer *l = v->layer;
    GLfloat map[6];

    for (int column = 0; column < 3; column++) {
        map[2 * column] = (GLfloat)(v->map[0][column] / l->width);
        map[2 * column + 1] = (GLfloat)(v->map[1][column] / l->height);
    }
    glUniformMatrix3x2fv(p->map, 1, GL_FALSE, map);
}

static void composite_view(struct gl *g, const struct gs_view *v, GLuint texture,
                           pixman_region32_t *region)
{
    const struct program *p = &g->composite;
    GLint filter = v->exact ? GL_NEAREST : GL_LINEAR;
    int n;
    pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);

    glBindTexture(GL_TEXTURE_2D, texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
    glUniform4f(p->area, (GLfloat)v->box.x1, (GLfloat)v->box.y1, (GLfloat)(v->box.x2 - v->box.x1),
                (GLfloat)(v->box.y2 - v->box.y1));
    glUniform1i(p->opaque, v->opaque);
    set_map(p, v);
    for (int i = 0; i < n; i++)
        draw(&boxes[i], 1);
}

static void clear(pixman_region32_t *region)
{
    int n;
    pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);

    glClearColor(0, 0, 0, 1);
    for (int i = 0; i < n; i++) {
        glScissor(boxes[i].x1, boxes[i].y1, boxes[i].x2 - boxes[i].x1, boxes[i].y2 - boxes[i].y1);
        glClear(GL_COLOR_BUFFER_BIT);
    }
}

static int canvas_init(struct gl *g)
{
    char why[128] = "";
    int r =
        gs_gl_target_init(&g->canvas, GL_RGBA8, g->base.width, g->base.height, why, sizeof(why));

    if (r < 0) {
        gs_error("converter gl: %s", why);
        gs_gl_target_finish(&g->canvas);
    }
    return r;
}

static int composite(struct gl *g, unsigned base, pixman_region32_t *region)
{
    pixman_region32_t wide;
    int r = g->canvas.framebuffer ? 0 : canvas_init(g);

    if (r < 0)
        return r;
    glBindFramebuffer(GL_FRAMEBUFFER, g->canvas.framebuffer);
    glViewport(0, 0, (GLsizei)g->base.width, (GLsizei)g->base.height);
    glUseProgram(g->composite.id);
    glUniform2f(g->composite.size, (GLfloat)g->base.width, (GLfloat)g->base.height);
    gs_damage_widen(&wide, region, g->base.width, g->base.height);
    clear(&wide);
    glEnable(GL_BLEND);
    glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
    for (unsigned i = base; i < g->views->len; i++)
        composite_view(g, view_at(g, i), g_array_index(g->texture_of, GLuint, i - base), &wide);
    glDisable(GL_BLEND);
    pixman_region32_fini(&wide);
    return 0;
}

/* Converts region of the bound texture, whose texel origin is the output's corner. */
static void pass(struct gl *g, const struct program *p, const struct gs_gl_target *target,
                 const GLint origin[2], pixman_region32_t *region, int scale)
{
    GLsizei width = (GLsizei)gs_nv12_side(g->base.width) / scale;
    GLsizei height = (GLsizei)gs_nv12_side(g->base.height) / scale;
    int n;
    pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);

    glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
    glViewport(0, 0, width, height);
    glUseProgram(p->id);
    glUniform4f(p->area, 0, 0, (GLfloat)width, (GLfloat)height);
    glUniform2f(p->size, (GLfloat)width, (GLfloat)height);
    glUniform2i(p->origin, origin[0], origin[1]);
    glUniform2i(p->last, origin[0] + (GLint)g->base.width - 1,
                origin[1] + (GLint)g->base.height - 1);
    for (int i = 0; i < n; i++)
        draw(&boxes[i], scale);
}

static void read_box(const struct gl *g, const pixman_box32_t *box, struct gs_nv12 *pic)
{
    GLsizei width = box->x2 - box->x1, height = box->y2 - box->y1;

    glBindFramebuffer(GL_FRAMEBUFFER, g->targets.luma.framebuffer);
    glPixelStorei(GL_PACK_ROW_LENGTH, (GLint)pic->y_stride);
    glReadPixels(box->x1, box->y1, width, height, GL_RED, GL_UNSIGNED_BYTE,
                 pic->y + (size_t)box->y1 * pic->y_stride + box->x1);
    glBindFramebuffer(GL_FRAMEBUFFER, g->targets.chroma.framebuffer);
    glPixelStorei(GL_PACK_ROW_LENGTH, (GLint)(pic->uv_stride / 2));
    glReadPixels(box->x1 / 2, box->y1 / 2, width / 2, height / 2, GL_RG, GL_UNSIGNED_BYTE,
                 pic->uv + (size_t)(box->y1 / 2) * pic->uv_stride + box->x1);
}

static void read_back(const struct gl *g, pixman_region32_t *region, struct gs_nv12 *pic)
{
    int n;
    pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);

    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    for (int i = 0; i < n; i++)
        read_box(g, &boxes[i], pic);
    glPixelStorei(GL_PACK_ROW_LENGTH, 0);
}

/* Composes where it must; *ret_source is what the passes sample, from `origin` on. */
static int prepare_source(struct gl *g, unsigned base, pixman_region32_t *region,
                          GLuint *ret_source, GLint origin[2])
{
    const struct gs_view *top = base + 1 == g->views->len ? view_at(g, base) : NULL;
    int r;

    if (top && top->exact && gs_views_base(g->views, g->base.width, g->base.height) == base) {
        *ret_source = g_array_index(g->texture_of, GLuint, 0);
        origin[0] = (GLint)top->map[0][2];
        origin[1] = (GLint)top->map[1][2];
        return 0;
    }
    r = composite(g, base, region);
    *ret_source = g->canvas.texture;
    return r;
}

static int draw_region(struct gl *g, unsigned base, pixman_region32_t *region)
{
    GLint origin[2] = {0, 0};
    GLuint source;
    int r;

    glBindVertexArray(g->vertices);
    glActiveTexture(GL_TEXTURE0);
    glEnable(GL_SCISSOR_TEST);
    r = prepare_source(g, base, region, &source, origin);
    if (r < 0)
        return r;
    glBindTexture(GL_TEXTURE_2D, source);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    pass(g, &g->luma, &g->targets.luma, origin, region, 1);
    pass(g, &g->chroma, &g->targets.chroma, origin, region, 2);
    return 0;
}

/* What is timed does not wait for the processor in between, as reading back does. */
static int convert_region(struct gl *g, unsigned base, pixman_region32_t *region,
                          struct gs_nv12 *pic)
{
    int r;

    gs_gl_timer_begin(g->timer);
    r = draw_region(g, base, region);
    gs_gl_timer_end(g->timer);
    if (r < 0)
        return r;
    if (!pic)
        return gs_gl_surface_submit(&g->targets, g->base.surface_of);
    read_back(g, region, pic);
    return 0;
}

static int gl_convert(struct gs_converter *base, const struct gs_scene *scene, struct gs_nv12 *pic)
{
    struct gl *g = (struct gl *)base;
    pixman_region32_t region;
    unsigned first;
    int r = 0, error;

    if (pic && pic->uv_stride % 2)
        return -EINVAL;
    gs_views_collect(g->views, scene);
    first = prepare_textures(g);
    gs_damage_align(&region, scene->damage, g->base.width, g->base.height);
    if (pixman_region32_not_empty(&region))
        r = convert_region(g, first, &region, pic);
    pixman_region32_fini(&region);
    error = gs_gl_check("convert");
    gs_gl_textures_sweep(g->textures, r < 0 || error < 0);
    return r < 0 ? r : error;
}

static int gl_attach(struct gs_converter *base, struct gs_encoder *enc,
                     const struct gs_encoder_surface *surface, char *why, size_t why_size)
{
    struct gl *g = (struct gl *)base;

    return gs_gl_surface_attach(&g->targets, g->egl, enc, surface, why, why_size);
}

static uint64_t gl_gpu_ns(struct gs_converter *base)
{
    return gs_gl_timer_take(((struct gl *)base)->timer);
}

const struct gs_converter_impl gs_converter_gl = {
    .name = "gl",
    .open = gl_open,
    .convert = gl_convert,
    .attach = gl_attach,
    .gpu_ns = gl_gpu_ns,
    .close = gl_close,
};
