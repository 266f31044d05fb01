/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/convert_gl_textures.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2ext.h>
#include <glib.h>

#include "common/log.h"
#include "session/dmabuf.h"
#include "session/gl.h"

/* Captures after which an unused import is given up; clients turn over two to four buffers. */
#define IMPORT_AGE 8

struct texture {
    uint64_t key;  /* surface or buffer id */
    uint64_t used; /* number of the capture */
    GLuint id;     /* 0: the import was refused */
    uint32_t width, height;
    bool rgba;
};

struct gs_gl_textures {
    struct gs_egl *egl;
    uint64_t capture;
    GLint max_size;
    GHashTable *copies, *imports; /* id → struct texture */
    PFNGLEGLIMAGETARGETTEXTURE2DOESPROC target_texture;
};

static void texture_free(void *data)
{
    struct texture *texture = data;

    glDeleteTextures(1, &texture->id);
    g_free(texture);
}

static GHashTable *table(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, texture_free);
}

struct gs_gl_textures *gs_gl_textures_create(struct gs_egl *egl)
{
    struct gs_gl_textures *t = g_new0(struct gs_gl_textures, 1);

    t->egl = egl;
    t->copies = table();
    t->imports = table();
    glGetIntegerv(GL_MAX_TEXTURE_SIZE, &t->max_size);
    t->target_texture =
        (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)eglGetProcAddress("glEGLImageTargetTexture2DOES");
    return t;
}

void gs_gl_textures_destroy(struct gs_gl_textures *t)
{
    if (!t)
        return;
    g_hash_table_unref(t->copies);
    g_hash_table_unref(t->imports);
    g_free(t);
}

static struct texture *texture_add(GHashTable *where, uint64_t key)
{
    struct texture *texture = g_new0(struct texture, 1);

    texture->key = key;
    glGenTextures(1, &texture->id);
    glBindTexture(GL_TEXTURE_2D, texture->id);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    g_hash_table_replace(where, &texture->key, texture);
    return texture;
}

/* Bytes go up as they are; the sampler swaps what is stored as B G R A. */
static struct texture *copy_add(struct gs_gl_textures *t, const struct gs_view *view)
{
    const struct gs_layer *l = view->layer;
    struct texture *copy = texture_add(t->copies, l->surface_id);

    copy->width = l->width;
    copy->height = l->height;
    copy->rgba = view->rgba;
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, (GLsizei)l->width, (GLsizei)l->height);
    if (!view->rgba) {
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_R, GL_BLUE);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_B, GL_RED);
    }
    return copy;
}

static void upload_box(const pixman_box32_t *box, const uint8_t *data, uint32_t stride)
{
    glTexSubImage2D(GL_TEXTURE_2D, 0, box->x1, box->y1, box->x2 - box->x1, box->y2 - box->y1,
                    GL_RGBA, GL_UNSIGNED_BYTE,
                    data + (size_t)box->y1 * stride + 4 * (size_t)box->x1);
}

/* damage NULL: all of it. */
static void upload(const struct gs_layer *l, pixman_region32_t *damage, const void *data,
                   uint32_t stride)
{
    pixman_region32_t region;
    pixman_box32_t *boxes;
    int n;

    pixman_region32_init_rect(&region, 0, 0, l->width, l->height);
    if (damage)
        pixman_region32_intersect(&region, &region, damage);
    boxes = pixman_region32_rectangles(&region, &n);
    if (n > GS_DAMAGE_RECTS) {
        boxes = pixman_region32_extents(&region);
        n = 1;
    }
    glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)(stride / 4));
    for (int i = 0; i < n; i++)
        upload_box(&boxes[i], data, stride);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
    pixman_region32_fini(&region);
}

static GLuint get_copy(struct gs_gl_textures *t, const struct gs_view *view)
{
    const struct gs_layer *l = view->layer;
    struct texture *copy = g_hash_table_lookup(t->copies, &l->surface_id);
    pixman_region32_t *damage = l->damage;
    const void *data;
    uint32_t stride;

    if (!gs_view_begin(view, &data, &stride))
        return 0;
    if (!copy || copy->width != l->width || copy->height != l->height || copy->rgba != view->rgba) {
        copy = copy_add(t, view);
        damage = NULL;
    }
    glBindTexture(GL_TEXTURE_2D, copy->id);
    upload(l, damage, data, stride);
    gs_view_end(view);
    copy->used = t->capture;
    return copy->id;
}

/* A refused import is kept too, as id 0, so that it is tried and told only once. */
static struct texture *import_add(struct gs_gl_textures *t, const struct gs_layer *l)
{
    struct texture *import = texture_add(t->imports, l->dmabuf->buffer_id);
    EGLImageKHR image = gs_dmabuf_import(t->egl, l->dmabuf, l->width, l->height);

    if (image != EGL_NO_IMAGE_KHR) {
        t->target_texture(GL_TEXTURE_2D, image);
        /* The texture keeps the buffer. */
        gs_dmabuf_destroy_image(t->egl, image);
    }
    if (image == EGL_NO_IMAGE_KHR || gs_gl_check("import") < 0) {
        gs_warn("GPU buffer of format 0x%x, modifier 0x%" G_GINT64_MODIFIER "x is refused: 0x%x",
                l->dmabuf->format, l->dmabuf->modifier, eglGetError());
        glDeleteTextures(1, &import->id);
        import->id = 0;
    }
    return import;
}

static GLuint get_import(struct gs_gl_textures *t, const struct gs_layer *l)
{
    struct texture *import;

    if (!t->egl->dmabuf_import || l->dmabuf->n_planes < 1 || l->dmabuf->n_planes > GS_DMABUF_PLANES)
        return 0;
    import = g_hash_table_lookup(t->imports, &l->dmabuf->buffer_id);
    if (!import)
        import = import_add(t, l);
    import->used = t->capture;
    return import->id;
}

GLuint gs_gl_textures_get(struct gs_gl_textures *t, const struct gs_view *view)
{
    const struct gs_layer *l = view->layer;

    if (l->width > (uint32_t)t->max_size || l->height > (uint32_t)t->max_size)
        return 0;
    return l->dmabuf ? get_import(t, l) : get_copy(t, view);
}

static gboolean copy_unused(gpointer key GS_UNUSED, gpointer value, gpointer user)
{
    const struct texture *copy = value;
    const struct gs_gl_textures *t = user;

    return copy->used != t->capture;
}

static gboolean import_old(gpointer key GS_UNUSED, gpointer value, gpointer user)
{
    const struct texture *import = value;
    const struct gs_gl_textures *t = user;

    return import->used + IMPORT_AGE < t->capture;
}

void gs_gl_textures_sweep(struct gs_gl_textures *t, bool failed)
{
    if (failed)
        g_hash_table_remove_all(t->copies);
    else
        g_hash_table_foreach_remove(t->copies, copy_unused, t);
    g_hash_table_foreach_remove(t->imports, import_old, t);
    t->capture++;
}
