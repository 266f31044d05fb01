/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/yuv_gl.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
/* after gl3.h */
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "client/damage.h"
#include "client/dmabuf_egl.h"
#include "client/overlay.h"
#include "common/log.h"
#include "shaders/shaders.h"

enum {
    LUMA,
    CHROMA,
    CHROMA_R,
    OVERLAY,
    TEXTURES,
};

struct gs_yuv_gl {
    GLuint yuv_program, plain_program;
    GLuint textures[TEXTURES];
    GLuint vertices; /* none, but there must be an array object */
    struct gs_picture *shown;
    bool uploaded; /* shown's rows are in the textures */

    bool can_import, modifiers;
    PFNEGLCREATEIMAGEKHRPROC create_image;
    PFNEGLDESTROYIMAGEKHRPROC destroy_image;
    PFNGLEGLIMAGETARGETTEXTURE2DOESPROC bind_image;
};

/* ---- programs ---- */

static GLuint compile(GLenum kind, const char *source)
{
    GLuint shader = glCreateShader(kind);
    GLint ok = 0;
    char text[512] = "";

    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glGetShaderiv(shader, GL_COMPILE_STATUS, &ok);
    if (ok)
        return shader;
    glGetShaderInfoLog(shader, sizeof(text), NULL, text);
    gs_error("shader: %s", text);
    glDeleteShader(shader);
    return 0;
}

/* 0: it is logged why. */
static GLuint create_program(const char *fragment_source)
{
    GLuint vertex = compile(GL_VERTEX_SHADER, gs_shader_quad);
    GLuint fragment = compile(GL_FRAGMENT_SHADER, fragment_source);
    GLuint program = vertex && fragment ? glCreateProgram() : 0;
    GLint ok = 0;

    if (program) {
        glAttachShader(program, vertex);
        glAttachShader(program, fragment);
        glLinkProgram(program);
        glGetProgramiv(program, GL_LINK_STATUS, &ok);
    }
    glDeleteShader(vertex);
    glDeleteShader(fragment);
    if (program && !ok) {
        gs_error("the shaders do not fit together");
        glDeleteProgram(program);
        return 0;
    }
    return program;
}

static GLint at(GLuint program, const char *name)
{
    return glGetUniformLocation(program, name);
}

/* ---- life ---- */

static void look_for_import(struct gs_yuv_gl *yuv)
{
    EGLDisplay display = eglGetCurrentDisplay();
    const char *list = display == EGL_NO_DISPLAY ? NULL : eglQueryString(display, EGL_EXTENSIONS);

    yuv->create_image =
        (PFNEGLCREATEIMAGEKHRPROC)(void (*)(void))eglGetProcAddress("eglCreateImageKHR");
    yuv->destroy_image =
        (PFNEGLDESTROYIMAGEKHRPROC)(void (*)(void))eglGetProcAddress("eglDestroyImageKHR");
    yuv->bind_image = (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)(void (*)(void))eglGetProcAddress(
        "glEGLImageTargetTexture2DOES");
    yuv->modifiers = gs_egl_list_has(list, "EGL_EXT_image_dma_buf_import_modifiers");
    yuv->can_import = gs_egl_list_has(list, "EGL_EXT_image_dma_buf_import") && yuv->create_image &&
                      yuv->destroy_image && yuv->bind_image;
}

static void set_units(struct gs_yuv_gl *yuv)
{
    static const char *const names[] = {"luma", "chroma", "chroma_r"};

    glUseProgram(yuv->yuv_program);
    for (int i = 0; i < 3; i++)
        glUniform1i(at(yuv->yuv_program, names[i]), i);
}

int gs_yuv_gl_create(struct gs_yuv_gl **ret)
{
    struct gs_yuv_gl *yuv = g_new0(struct gs_yuv_gl, 1);

    yuv->yuv_program = create_program(gs_shader_yuv_to_rgb);
    yuv->plain_program = create_program(gs_shader_composite);
    if (!yuv->yuv_program || !yuv->plain_program) {
        gs_yuv_gl_destroy(yuv);
        return -EIO;
    }
    glGenTextures(TEXTURES, yuv->textures);
    glGenVertexArrays(1, &yuv->vertices);
    glBindVertexArray(yuv->vertices);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    set_units(yuv);
    look_for_import(yuv);
    *ret = yuv;
    return 0;
}

void gs_yuv_gl_destroy(struct gs_yuv_gl *yuv)
{
    if (!yuv)
        return;
    glDeleteTextures(TEXTURES, yuv->textures);
    glDeleteVertexArrays(1, &yuv->vertices);
    glDeleteProgram(yuv->yuv_program);
    glDeleteProgram(yuv->plain_program);
    gs_picture_unref(yuv->shown);
    g_free(yuv);
}

/* ---- planes ---- */

static void bind(struct gs_yuv_gl *yuv, int texture, GLenum unit, GLint filter)
{
    glActiveTexture(unit);
    glBindTexture(GL_TEXTURE_2D, yuv->textures[texture]);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
}

/* Rows first … end of a plane into the bound texture; all of them make it anew. */
static void upload_rows(const struct gs_picture *pic, int plane, uint32_t first, uint32_t end)
{
    const struct gs_picture_pixels *p = &pic->pixels;
    int bytes = p->format == GS_PICTURE_NV12 && plane == 1 ? 2 : 1;
    GLenum format = bytes == 2 ? GL_RG : GL_RED;
    GLsizei width = (GLsizei)gs_picture_row_size(pic, plane) / bytes;
    const uint8_t *rows = p->data[plane] + (ptrdiff_t)first * p->stride[plane];

    glPixelStorei(GL_UNPACK_ROW_LENGTH, p->stride[plane] / bytes);
    if (first == 0 && end == gs_picture_rows(pic, plane))
        glTexImage2D(GL_TEXTURE_2D, 0, bytes == 2 ? GL_RG8 : GL_R8, width, (GLsizei)end, 0, format,
                     GL_UNSIGNED_BYTE, rows);
    else
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, (GLint)first, width, (GLsizei)(end - first), format,
                        GL_UNSIGNED_BYTE, rows);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
}

static void upload(struct gs_yuv_gl *yuv, const struct gs_picture *pic, GLint filter)
{
    int planes = pic->pixels.format == GS_PICTURE_NV12 ? 2 : 3;
    struct gs_damage damage;

    gs_damage_find(yuv->uploaded ? yuv->shown : NULL, pic, &damage);
    for (int plane = 0; plane < planes; plane++) {
        bind(yuv, LUMA + plane, (GLenum)(GL_TEXTURE0 + plane), filter);
        for (unsigned i = 0; i < damage.n; i++) {
            const struct gs_row_range *r = &damage.ranges[i];

            upload_rows(pic, plane, plane ? r->first / 2 : r->first,
                        plane ? (r->end + 1) / 2 : r->end);
        }
    }
}

static bool import_plane(struct gs_yuv_gl *yuv, const struct gs_dmabuf *d, uint32_t width,
                         uint32_t height, int texture, GLint filter)
{
    EGLDisplay display = eglGetCurrentDisplay();
    EGLint attributes[GS_DMABUF_EGL_ATTRIBUTES];
    EGLImageKHR image;

    if (gs_dmabuf_egl_attributes(d, width, height, yuv->modifiers, attributes) != 0)
        return false;
    image = yuv->create_image(display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
    if (image == EGL_NO_IMAGE_KHR)
        return false;
    bind(yuv, texture, (GLenum)(GL_TEXTURE0 + texture), filter);
    yuv->bind_image(GL_TEXTURE_2D, image);
    yuv->destroy_image(display, image); /* the texture holds on to the buffer */
    return glGetError() == GL_NO_ERROR;
}

/* What was refused once is not tried again: that is a copy for each picture, but no worse. */
static bool import(struct gs_yuv_gl *yuv, const struct gs_picture *pic, GLint filter)
{
    const struct gs_picture_gpu *gpu = pic->gpu;

    if (!gpu || !yuv->can_import)
        return false;
    if (import_plane(yuv, &gpu->luma, gpu->width, gpu->height, LUMA, filter) &&
        import_plane(yuv, &gpu->chroma, (gpu->width + 1) / 2, (gpu->height + 1) / 2, CHROMA,
                     filter))
        return true;
    gs_warn("the decoder's pictures can't be drawn where they are (modifier 0x%llx): copying them",
            (unsigned long long)gpu->luma.modifier);
    yuv->can_import = false;
    /* What the images were bound to takes no plain planes afterwards. */
    glDeleteTextures(TEXTURES, yuv->textures);
    glGenTextures(TEXTURES, yuv->textures);
    return false;
}

/* ---- drawing ---- */

/* box as the quad's shader wants it; framebuffers have their rows upside down. */
static void place(GLuint program, const struct gs_letterbox *box, int width, int height,
                  float source_width, float source_height)
{
    float sx = source_width / (float)box->width, sy = -source_height / (float)box->height;
    const GLfloat map[] = {sx, 0, 0, sy, -(float)box->x * sx, -(float)(height - box->y) * sy};

    glUniform4f(at(program, "area"), (float)box->x, (float)(height - box->y), (float)box->width,
                -(float)box->height);
    glUniform2f(at(program, "size"), (float)width, (float)height);
    glUniformMatrix3x2fv(at(program, "map"), 1, GL_FALSE, map);
}

static void remember(struct gs_yuv_gl *yuv, struct gs_picture *pic, bool uploaded)
{
    gs_picture_ref(pic);
    gs_picture_unref(yuv->shown);
    yuv->shown = pic;
    yuv->uploaded = uploaded;
}

int gs_yuv_gl_draw(struct gs_yuv_gl *yuv, struct gs_picture *pic, const struct gs_letterbox *box,
                   int width, int height)
{
    bool exact = box->width == (int)pic->width && box->height == (int)pic->height;
    GLint filter = exact ? GL_NEAREST : GL_LINEAR;
    GLuint program = yuv->yuv_program;
    bool imported = import(yuv, pic, filter);
    int err = imported ? 0 : gs_picture_map(pic);

    glViewport(0, 0, width, height);
    glDisable(GL_BLEND);
    glClearColor(0, 0, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    if (err)
        return err;
    if (!imported)
        upload(yuv, pic, filter);
    glUseProgram(program);
    glUniform1i(at(program, "planar"), !imported && pic->pixels.format == GS_PICTURE_I420);
    glUniform1i(at(program, "full_range"),
                imported ? pic->gpu->full_range : pic->pixels.full_range);
    glUniform2f(at(program, "shown"), (float)pic->width, (float)pic->height);
    /* Enlarged or reduced, chroma is where it belongs (left-sited); else it is that of its four
     * pixels, as in snapshots. */
    glUniform1f(at(program, "siting"), exact ? 0.0F : 0.25F);
    place(program, box, width, height, (float)pic->width, (float)pic->height);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    remember(yuv, pic, !imported);
    return 0;
}

/* gs_overlay_draw darkens to a quarter and writes in white: over black it gives what has to be
 * added to a quarter of what is there. */
void gs_yuv_gl_draw_overlay(struct gs_yuv_gl *yuv, const char *text, const struct gs_letterbox *box,
                            int width, int height)
{
    struct gs_letterbox area = {.x = box->x, .y = box->y};
    uint32_t text_width, text_height;
    g_autofree uint8_t *pixels = NULL;

    gs_overlay_size(text, GS_OVERLAY_SCALE, &text_width, &text_height);
    text_width = GS_MIN(text_width, (uint32_t)box->width);
    text_height = GS_MIN(text_height, (uint32_t)box->height);
    pixels = g_malloc0((size_t)text_width * text_height * 4);
    gs_overlay_draw(pixels, text_width * 4, text_width, text_height, text, GS_OVERLAY_SCALE);
    bind(yuv, OVERLAY, GL_TEXTURE0, GL_NEAREST);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, (GLsizei)text_width, (GLsizei)text_height, 0, GL_RGBA,
                 GL_UNSIGNED_BYTE, pixels);
    glUseProgram(yuv->plain_program);
    glUniform1i(at(yuv->plain_program, "opaque"), 1);
    area.width = (int)text_width;
    area.height = (int)text_height;
    place(yuv->plain_program, &area, width, height, 1, 1);
    glEnable(GL_BLEND);
    glBlendColor(0, 0, 0, 0.25F);
    glBlendFunc(GL_ONE, GL_CONSTANT_ALPHA);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}
