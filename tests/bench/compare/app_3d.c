/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 3D scene. It depends on the number only, so that any picture can be drawn again. */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "tests/bench/compare/app.h"

#define AROUND 108 /* steps along the knot */
#define ACROSS 10  /* steps around its tube */
#define TEXTURE 256
#define RADIANS_A_FRAME 0.013F

struct vertex {
    float at[3], normal[3], uv[2];
};

static struct vertex vertices[(AROUND + 1) * (ACROSS + 1)];
static uint16_t indices[AROUND * ACROSS * 6];
static GLint turn_uniform;

static const char vertex_shader[] =
    "attribute vec3 at; attribute vec3 normal; attribute vec2 uv;\n"
    "uniform vec4 turn;\n" /* sine and cosine of two angles */
    "uniform float aspect;\n"
    "varying mediump vec2 tex; varying mediump float light;\n"
    "vec3 turned(vec3 v) {\n"
    "  v = vec3(v.x * turn.y + v.z * turn.x, v.y, v.z * turn.y - v.x * turn.x);\n"
    "  return vec3(v.x, v.y * turn.w - v.z * turn.z, v.y * turn.z + v.z * turn.w);\n"
    "}\n"
    "void main() {\n"
    "  vec3 p = turned(at) + vec3(0.0, 0.0, -7.0);\n"
    "  tex = uv;\n"
    "  light = 0.25 + 0.75 * max(0.0, dot(turned(normal), vec3(0.48, 0.6, 0.64)));\n"
    "  gl_Position = vec4(p.x * 2.2 / aspect, p.y * 2.2, -p.z - 2.0, -p.z);\n"
    "}\n";
static const char fragment_shader[] =
    "precision mediump float;\n"
    "uniform sampler2D image; varying vec2 tex; varying float light;\n"
    "void main() { gl_FragColor = vec4(texture2D(image, tex).rgb * light, 1.0); }\n";

static void knot_point(float t, float ret[3])
{
    float r = 2.0F + cosf(3.0F * t);

    ret[0] = r * cosf(2.0F * t) * 0.75F;
    ret[1] = r * sinf(2.0F * t) * 0.75F;
    ret[2] = sinf(3.0F * t) * 0.75F;
}

static void normalise(float v[3])
{
    float length = sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);

    for (int i = 0; i < 3; i++)
        v[i] /= length;
}

static void cross(const float a[3], const float b[3], float ret[3])
{
    for (int i = 0; i < 3; i++)
        ret[i] = a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3];
}

/* One ring of the tube: its frame is made of the direction and of what is up. */
static void build_ring(int step, struct vertex *ring)
{
    float t = 2.0F * (float)M_PI * (float)step / AROUND;
    float here[3], next[3], along[3], side[3], out[3], up[3] = {0.1F, 0.2F, 1.0F};

    knot_point(t, here);
    knot_point(t + 0.01F, next);
    for (int i = 0; i < 3; i++)
        along[i] = next[i] - here[i];
    normalise(along);
    cross(along, up, side);
    normalise(side);
    cross(side, along, out);
    for (int k = 0; k <= ACROSS; k++) {
        float a = 2.0F * (float)M_PI * (float)k / ACROSS;

        for (int i = 0; i < 3; i++) {
            ring[k].normal[i] = cosf(a) * side[i] + sinf(a) * out[i];
            ring[k].at[i] = here[i] + 0.42F * ring[k].normal[i];
        }
        ring[k].uv[0] = (float)step / AROUND * 12.0F;
        ring[k].uv[1] = (float)k / ACROSS * 2.0F;
    }
}

static void build_knot(void)
{
    uint16_t *at = indices;

    for (int i = 0; i <= AROUND; i++)
        build_ring(i, &vertices[i * (ACROSS + 1)]);
    for (int i = 0; i < AROUND; i++)
        for (int k = 0; k < ACROSS; k++) {
            uint16_t a = (uint16_t)(i * (ACROSS + 1) + k), b = (uint16_t)(a + ACROSS + 1);
            const uint16_t quad[] = {
                a, b, (uint16_t)(a + 1), (uint16_t)(a + 1), b, (uint16_t)(b + 1)};

            for (int j = 0; j < 6; j++)
                *at++ = quad[j];
        }
}

/* Tiles with grain: edges and noise, as real textures have. */
static void build_texture(void)
{
    static uint8_t pixels[TEXTURE][TEXTURE][4];
    uint32_t random = 1;
    GLuint texture;

    for (int y = 0; y < TEXTURE; y++)
        for (int x = 0; x < TEXTURE; x++) {
            int tile = ((x / 64) ^ (y / 64)) & 1, joint = x % 64 < 3 || y % 64 < 3;

            random = random * 1664525 + 1013904223;
            for (int i = 0; i < 3; i++)
                pixels[y][x][i] = (uint8_t)((joint  ? 60
                                             : tile ? 150 + 20 * i
                                                    : 210 - 30 * i) +
                                            (int)(random >> 28) * 2);
            pixels[y][x][3] = 255;
        }
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, TEXTURE, TEXTURE, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
    glGenerateMipmap(GL_TEXTURE_2D);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST_MIPMAP_NEAREST);
}

static int make_context(void)
{
    static const EGLint config_attribs[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
                                            EGL_OPENGL_ES2_BIT, EGL_NONE};
    static const EGLint context_attribs[] = {EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE};
    EGLDisplay display =
        eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
    EGLConfig config;
    EGLContext context;
    EGLint n = 0;

    if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API) ||
        !eglChooseConfig(display, config_attribs, &config, 1, &n) || n < 1)
        return -ENODEV;
    context = eglCreateContext(display, config, EGL_NO_CONTEXT, context_attribs);
    return eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context) ? 0 : -ENODEV;
}

static int make_target(int width, int height)
{
    GLuint buffers[2], framebuffer;

    glGenFramebuffers(1, &framebuffer);
    glGenRenderbuffers(2, buffers);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glBindRenderbuffer(GL_RENDERBUFFER, buffers[0]);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8_OES, width, height);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, buffers[0]);
    glBindRenderbuffer(GL_RENDERBUFFER, buffers[1]);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT16, width, height);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, buffers[1]);
    return glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE ? 0 : -ENOTSUP;
}

static void add_shader(GLuint program, GLenum kind, const char *source)
{
    GLuint shader = glCreateShader(kind);

    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glAttachShader(program, shader);
}

static int make_program(int width, int height)
{
    static const struct {
        const char *name;
        GLint n;
        size_t offset;
    } inputs[] = {{"at", 3, offsetof(struct vertex, at)},
                  {"normal", 3, offsetof(struct vertex, normal)},
                  {"uv", 2, offsetof(struct vertex, uv)}};
    GLuint program = glCreateProgram(), buffers[2];
    GLint linked = 0;

    add_shader(program, GL_VERTEX_SHADER, vertex_shader);
    add_shader(program, GL_FRAGMENT_SHADER, fragment_shader);
    for (GLuint i = 0; i < GS_ARRAY_SIZE(inputs); i++)
        glBindAttribLocation(program, i, inputs[i].name);
    glLinkProgram(program);
    glGetProgramiv(program, GL_LINK_STATUS, &linked);
    if (!linked)
        return -ENOTSUP;
    glUseProgram(program);
    turn_uniform = glGetUniformLocation(program, "turn");
    glUniform1f(glGetUniformLocation(program, "aspect"), (float)width / (float)height);
    glGenBuffers(2, buffers);
    glBindBuffer(GL_ARRAY_BUFFER, buffers[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof(vertices), vertices, GL_STATIC_DRAW);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffers[1]);
    glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(indices), indices, GL_STATIC_DRAW);
    for (GLuint i = 0; i < GS_ARRAY_SIZE(inputs); i++) {
        glEnableVertexAttribArray(i);
        glVertexAttribPointer(i, inputs[i].n, GL_FLOAT, GL_FALSE, sizeof(struct vertex),
                              (const void *)inputs[i].offset);
    }
    return 0;
}

int cmp_3d_prepare(int width, int height)
{
    int r = make_context();

    if (r < 0) {
        fprintf(stderr, "gs-compare-app: no OpenGL ES without a window (EGL surfaceless)\n");
        return r;
    }
    build_knot();
    build_texture();
    r = make_target(width, height);
    if (r == 0)
        r = make_program(width, height);
    if (r < 0)
        fprintf(stderr, "gs-compare-app: this OpenGL ES can't draw the scene\n");
    glViewport(0, 0, width, height);
    glEnable(GL_DEPTH_TEST);
    glEnable(GL_CULL_FACE);
    return r;
}

void cmp_3d_draw(const struct gs_canvas *canvas, uint32_t number)
{
    float a = (float)number * RADIANS_A_FRAME, b = 0.5F + 0.4F * sinf(a * 0.7F);

    glClearColor(0.16F, 0.20F, 0.26F, 1);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    glUniform4f(turn_uniform, sinf(a), cosf(a), sinf(b), cosf(b));
    glDrawElements(GL_TRIANGLES, GS_ARRAY_SIZE(indices), GL_UNSIGNED_SHORT, NULL);
    /* Blocks until it is drawn. Upside down, which does not matter. */
    glReadPixels(0, 0, (GLsizei)canvas->width, (GLsizei)canvas->height, GL_BGRA_EXT,
                 GL_UNSIGNED_BYTE, canvas->pixels);
}
