/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/gl.h"

#include <errno.h>
#include <stdio.h>

#include "common/log.h"

static GLuint shader_create(GLenum type, const char *source, char *why, size_t why_size)
{
    GLuint shader = glCreateShader(type);
    GLint done = 0;

    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glGetShaderiv(shader, GL_COMPILE_STATUS, &done);
    if (done)
        return shader;
    snprintf(why, why_size, "a shader does not compile");
    glGetShaderInfoLog(shader, (GLsizei)why_size, NULL, why);
    glDeleteShader(shader);
    return 0;
}

static int link_program(GLuint program, char *why, size_t why_size)
{
    GLint done = 0;

    glLinkProgram(program);
    glGetProgramiv(program, GL_LINK_STATUS, &done);
    if (done)
        return 0;
    snprintf(why, why_size, "a program does not link");
    glGetProgramInfoLog(program, (GLsizei)why_size, NULL, why);
    return -EIO;
}

int gs_gl_program_create(const char *vertex, const char *fragment, GLuint *ret, char *why,
                         size_t why_size)
{
    GLuint v = shader_create(GL_VERTEX_SHADER, vertex, why, why_size);
    GLuint f = v ? shader_create(GL_FRAGMENT_SHADER, fragment, why, why_size) : 0;
    GLuint program;
    int r = -EIO;

    if (f) {
        program = glCreateProgram();
        glAttachShader(program, v);
        glAttachShader(program, f);
        r = link_program(program, why, why_size);
        if (r < 0)
            glDeleteProgram(program);
        else
            *ret = program;
    }
    glDeleteShader(f);
    glDeleteShader(v);
    return r;
}

int gs_gl_target_init(struct gs_gl_target *t, GLenum format, uint32_t width, uint32_t height,
                      char *why, size_t why_size)
{
    GLenum status;

    glGenTextures(1, &t->texture);
    glBindTexture(GL_TEXTURE_2D, t->texture);
    glTexStorage2D(GL_TEXTURE_2D, 1, format, (GLsizei)width, (GLsizei)height);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glGenFramebuffers(1, &t->framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, t->framebuffer);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t->texture, 0);
    status = glCheckFramebufferStatus(GL_FRAMEBUFFER);
    if (status == GL_FRAMEBUFFER_COMPLETE && gs_gl_check("target") == 0)
        return 0;
    snprintf(why, why_size, "no framebuffer of format 0x%x (status 0x%x)", format, status);
    return -EIO;
}

void gs_gl_target_finish(struct gs_gl_target *t)
{
    glDeleteFramebuffers(1, &t->framebuffer);
    glDeleteTextures(1, &t->texture);
    *t = (struct gs_gl_target){0};
}

int gs_gl_check(const char *where)
{
    GLenum error, last = GL_NO_ERROR;

    /* A lost context reports errors for ever. */
    for (int i = 0; i < 16 && (error = glGetError()) != GL_NO_ERROR; i++)
        last = error;
    if (last == GL_NO_ERROR)
        return 0;
    gs_error("GL error 0x%x in %s", last, where);
    return -EIO;
}
