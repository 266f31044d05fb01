/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/apps/load/load.h"

#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"

#define CALIBRATION_NS (60 * GS_NS_PER_MS)
#define CALIBRATION_RUNS 5

static const char vertex_shader[] =
    "#version 300 es\n"
    "void main() {\n"
    "  vec2 at = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));\n"
    "  gl_Position = vec4(at * 4.0 - 1.0, 0.0, 1.0);\n"
    "}\n";
/* Each turn needs the one before, so that none is left out. The picture is one colour with a
 * shade, so that it costs little to encode. */
static const char fragment_shader[] =
    "#version 300 es\n"
    "precision highp float; precision highp int;\n"
    "uniform int turns; uniform float number; out vec4 colour;\n"
    "void main() {\n"
    "  float x = gl_FragCoord.x * 0.001 + number * 0.01;\n"
    "  for (int i = 0; i < turns; i++)\n"
    "    x = fract(x * 1.618 + 0.31);\n"
    "  colour = vec4(fract(number * 0.137), fract(number * 0.071), x * 0.05, 1.0);\n"
    "}\n";

static int fail(const char *what)
{
    fprintf(stderr, "gs-load-app: %s (EGL 0x%x)\n", what, (unsigned)eglGetError());
    return -ENODEV;
}

static GLuint add_shader(GLuint program, GLenum kind, const char *source)
{
    GLuint shader = glCreateShader(kind);

    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glAttachShader(program, shader);
    return shader;
}

static int make_program(struct load_gl *gl)
{
    GLuint program = glCreateProgram();
    GLint linked = 0;

    add_shader(program, GL_VERTEX_SHADER, vertex_shader);
    add_shader(program, GL_FRAGMENT_SHADER, fragment_shader);
    glLinkProgram(program);
    glGetProgramiv(program, GL_LINK_STATUS, &linked);
    if (!linked)
        return fail("the shader does not link");
    glUseProgram(program);
    gl->turns_at = glGetUniformLocation(program, "turns");
    gl->number_at = glGetUniformLocation(program, "number");
    return 0;
}

static int make_memory(int width, int height)
{
    GLuint buffer, framebuffer;

    glGenFramebuffers(1, &framebuffer);
    glGenRenderbuffers(1, &buffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glBindRenderbuffer(GL_RENDERBUFFER, buffer);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, buffer);
    return glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE
               ? 0
               : fail("no memory to draw into");
}

/* Without a window: surfaceless where there is that, which is Mesa, else what the driver takes. */
static EGLDisplay find_display(struct load_window *win)
{
    const char *known = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);

    if (win)
        return eglGetPlatformDisplay(EGL_PLATFORM_WAYLAND_KHR, win->display, NULL);
    if (known && strstr(known, "EGL_MESA_platform_surfaceless"))
        return eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
    return eglGetDisplay(EGL_DEFAULT_DISPLAY);
}

static int make_context(struct load_gl *gl, struct load_window *win)
{
    const EGLint wanted[] = {EGL_SURFACE_TYPE,
                             win ? EGL_WINDOW_BIT : EGL_PBUFFER_BIT,
                             EGL_RENDERABLE_TYPE,
                             EGL_OPENGL_ES3_BIT,
                             EGL_RED_SIZE,
                             8,
                             EGL_ALPHA_SIZE,
                             0,
                             EGL_NONE};
    static const EGLint version[] = {EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE};
    EGLint n = 0;

    gl->display = find_display(win);
    if (!eglInitialize(gl->display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API))
        return fail("no EGL");
    if (!eglChooseConfig(gl->display, wanted, &gl->config, 1, &n) || n < 1)
        return fail("no OpenGL ES 3");
    gl->context = eglCreateContext(gl->display, gl->config, EGL_NO_CONTEXT, version);
    if (gl->context == EGL_NO_CONTEXT)
        return fail("no context of OpenGL ES 3");
    if (win)
        gl->surface = eglCreatePlatformWindowSurface(gl->display, gl->config, win->egl, NULL);
    if (win && gl->surface == EGL_NO_SURFACE)
        return fail("no surface for the window");
    return eglMakeCurrent(gl->display, gl->surface, gl->surface, gl->context)
               ? 0
               : fail("the context can't be used");
}

int load_gl_open(struct load_gl *gl, struct load_window *win, int width, int height)
{
    const char *renderer;
    int r;

    *gl = (struct load_gl){.surface = EGL_NO_SURFACE};
    r = make_context(gl, win);
    if (r == 0 && !win)
        r = make_memory(width, height);
    if (r == 0)
        r = make_program(gl);
    if (r < 0)
        return r;
    glViewport(0, 0, width, height);
    renderer = (const char *)glGetString(GL_RENDERER);
    gl->software = renderer && (strstr(renderer, "llvmpipe") || strstr(renderer, "softpipe"));
    load_gl_draw(gl, 0, 1); /* compiles the shader */
    return 0;
}

void load_gl_draw(const struct load_gl *gl, uint32_t number, uint32_t turns)
{
    glUniform1i(gl->turns_at, (GLint)turns);
    glUniform1f(gl->number_at, (float)(number % 1000));
    glDrawArrays(GL_TRIANGLES, 0, 3);
    glFinish();
}

static uint64_t cost_clock(const struct load_gl *gl)
{
    return gs_clock_ns(gl->software ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC);
}

static uint64_t cost_of(const struct load_gl *gl, uint32_t turns)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < CALIBRATION_RUNS; i++) {
        uint64_t start = cost_clock(gl);

        load_gl_draw(gl, (uint32_t)i, turns);
        best = GS_MIN(best, cost_clock(gl) - start);
    }
    return best;
}

double load_gl_calibrate(const struct load_gl *gl, int width, int height)
{
    uint32_t turns = 16;
    uint64_t many, few;

    while (cost_of(gl, turns) < CALIBRATION_NS && turns < 1U << 30)
        turns *= 2;
    many = cost_of(gl, turns);
    few = cost_of(gl, turns / 2);
    /* The difference: what a frame costs anyhow is no work. */
    return (double)width * height * (turns - turns / 2) * (double)GS_NS_PER_MS /
           (double)GS_MAX(many - GS_MIN(few, many), 1);
}

void load_gl_close(struct load_gl *gl)
{
    if (gl->display == EGL_NO_DISPLAY)
        return;
    eglMakeCurrent(gl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (gl->surface != EGL_NO_SURFACE)
        eglDestroySurface(gl->display, gl->surface);
    if (gl->context != EGL_NO_CONTEXT)
        eglDestroyContext(gl->display, gl->context);
    eglTerminate(gl->display);
}
