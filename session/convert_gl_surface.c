/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/convert_gl_surface.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "session/dmabuf.h"
#include "session/egl.h"

static int bind_image(struct gs_gl_target *t, EGLImageKHR image)
{
    PFNGLEGLIMAGETARGETTEXTURE2DOESPROC target_texture =
        (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)eglGetProcAddress("glEGLImageTargetTexture2DOES");

    if (!target_texture)
        return -ENOTSUP;
    glGenTextures(1, &t->texture);
    glBindTexture(GL_TEXTURE_2D, t->texture);
    target_texture(GL_TEXTURE_2D, image);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glGenFramebuffers(1, &t->framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, t->framebuffer);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t->texture, 0);
    if (gs_gl_check("import of an encoder's surface") < 0 ||
        glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        return -EIO;
    return 0;
}

static int import_plane(struct gs_gl_target *t, const struct gs_egl *egl, const struct gs_dmabuf *d,
                        uint32_t width, uint32_t height, char *why, size_t why_size)
{
    EGLImageKHR image;
    int err;

    if (!gs_dmabuf_supported(egl, d->format, d->modifier)) {
        snprintf(why, why_size, "EGL takes no buffers of format %.4s, modifier 0x%llx",
                 (const char *)&d->format, (unsigned long long)d->modifier);
        return -ENOTSUP;
    }
    image = gs_dmabuf_import(egl, d, width, height);
    if (image == EGL_NO_IMAGE_KHR) {
        snprintf(why, why_size, "EGL refuses its buffer: error 0x%x", eglGetError());
        return -EIO;
    }
    err = bind_image(t, image);
    gs_dmabuf_destroy_image(egl, image); /* the texture keeps the buffer */
    if (err < 0)
        snprintf(why, why_size, "GL cannot draw into its buffer");
    return err;
}

static void finish_targets(struct gs_gl_targets *t)
{
    gs_gl_target_finish(&t->luma);
    gs_gl_target_finish(&t->chroma);
}

static int import_both(struct gs_gl_targets *t, const struct gs_egl *egl, struct gs_encoder *enc,
                       const struct gs_encoder_surface *surface, char *why, size_t why_size)
{
    uint32_t width = enc->params.width, height = enc->params.height;
    int err;

    if (!egl->dmabuf_import) {
        snprintf(why, why_size, "%s imports no GPU buffers", egl->renderer);
        return -ENOTSUP;
    }
    err = import_plane(&t->luma, egl, &surface->luma, width, height, why, why_size);
    if (!err)
        err = import_plane(&t->chroma, egl, &surface->chroma, width / 2, height / 2, why, why_size);
    return err;
}

/* Fills a target, and looks whether the colour is there. */
static bool draw_test(const struct gs_gl_target *t, GLenum format, const uint8_t colour[2],
                      unsigned bytes)
{
    uint8_t seen[4] = {0};

    glBindFramebuffer(GL_FRAMEBUFFER, t->framebuffer);
    glDisable(GL_SCISSOR_TEST);
    glClearColor(colour[0] / 255.0f, colour[1] / 255.0f, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(1, 1, 1, 1, format, GL_UNSIGNED_BYTE, seen);
    return gs_gl_check("test picture") == 0 && memcmp(seen, colour, bytes) == 0;
}

/* Grey, so that what may be seen of it is no flash. */
static int prove(const struct gs_gl_targets *t, struct gs_encoder *enc, char *why, size_t why_size)
{
    static const uint8_t colour[2] = {0x80, 0x80};
    int err;

    if (!draw_test(&t->luma, GL_RED, colour, 1) || !draw_test(&t->chroma, GL_RG, colour, 2)) {
        snprintf(why, why_size, "what is drawn into its surface is not there");
        return -EIO;
    }
    err = gs_gl_surface_submit(t, enc);
    if (!err)
        err = gs_encoder_try_surface(enc);
    if (err)
        snprintf(why, why_size, "a test picture in its surface is refused: %s", strerror(-err));
    return err;
}

int gs_gl_surface_attach(struct gs_gl_targets *targets, const struct gs_egl *egl,
                         struct gs_encoder *enc, const struct gs_encoder_surface *surface,
                         char *why, size_t why_size)
{
    struct gs_gl_targets imported = {0};
    int err;

    if (surface->kind == GS_SURFACE_TEXTURE) {
        err = prove(targets, enc, why, why_size);
        if (err)
            gs_gl_surface_detach(enc);
        return err;
    }
    err = import_both(&imported, egl, enc, surface, why, why_size);
    if (!err)
        err = prove(&imported, enc, why, why_size);
    if (err) {
        finish_targets(&imported);
        return err;
    }
    finish_targets(targets);
    *targets = imported;
    return 0;
}

int gs_gl_surface_submit(const struct gs_gl_targets *targets, struct gs_encoder *enc)
{
    int err = gs_encoder_load_textures(enc, targets->luma.texture, targets->chroma.texture);

    if (err != -ENOTSUP || enc->impl->load_textures)
        return err;
    /* A buffer that is shared across devices carries no fence of GL's that every driver of the
     * other side waits for. */
    glFinish();
    return gs_gl_check("surface");
}

void gs_gl_surface_detach(struct gs_encoder *enc)
{
    if (enc->impl->load_textures && gs_encoder_load_textures(enc, 0, 0) < 0)
        gs_warn("encoder %s keeps textures that are gone", enc->impl->name);
}
