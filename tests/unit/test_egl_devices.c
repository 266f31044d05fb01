/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which GPU is drawn with, and how urgently: on a made-up machine. This program has its own EGL and
 * libdrm, as far as session/egl.c calls them; their names come before those of the libraries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <GLES3/gl3.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "session/egl.h"

#define GPUS 2
#define MOST_ATTRIBUTES 16

static struct {
    char *dir;
    char *nodes[GPUS]; /* files, in the place of devices */
    unsigned n_gpus;
    const char *client_extensions, *display_extensions, *renderer;
    bool refuse_urgent;
    EGLint granted;
    int surfaceless_device;        /* that a surfaceless display is on; -1: software */
    unsigned n_contexts, n_urgent; /* asked for */
    unsigned n_displays;           /* not terminated */
} fake;

#define DEVICES_EXTENSIONS                                                                         \
    "EGL_EXT_device_base EGL_EXT_device_enumeration EGL_EXT_device_query EGL_EXT_platform_device "
#define CONTEXT_EXTENSIONS "EGL_KHR_no_config_context EGL_KHR_surfaceless_context"

static char device_marks[GPUS + 1]; /* their addresses are the devices; the last is software */

static int number_of(const void *device)
{
    return (int)((const char *)device - device_marks);
}

/* ---- libdrm ---- */

static char *node_lists[GPUS][DRM_NODE_MAX];
static drmDevice gpus[GPUS];

int drmGetDevices2(uint32_t flags GS_UNUSED, drmDevicePtr devices[], int max GS_UNUSED)
{
    for (unsigned i = 0; i < fake.n_gpus; i++) {
        node_lists[i][DRM_NODE_RENDER] = fake.nodes[i];
        gpus[i] = (drmDevice){.nodes = node_lists[i], .available_nodes = 1 << DRM_NODE_RENDER};
        devices[i] = &gpus[i];
    }
    return (int)fake.n_gpus;
}

void drmFreeDevices(drmDevicePtr devices[] GS_UNUSED, int n GS_UNUSED)
{
}

/* ---- EGL; a display is its device ---- */

static EGLBoolean query_devices(EGLint max GS_UNUSED, EGLDeviceEXT *devices, EGLint *n)
{
    for (unsigned i = 0; i < fake.n_gpus; i++)
        devices[i] = &device_marks[i];
    *n = (EGLint)fake.n_gpus;
    return EGL_TRUE;
}

static const char *query_device_string(EGLDeviceEXT device, EGLint name)
{
    int i = number_of(device);

    if (name == EGL_EXTENSIONS)
        return i < GPUS ? "EGL_EXT_device_drm_render_node" : "EGL_MESA_device_software";
    return i < GPUS && name == EGL_DRM_RENDER_NODE_FILE_EXT ? fake.nodes[i] : NULL;
}

static EGLBoolean query_display(EGLDisplay display, EGLint name, EGLAttrib *value)
{
    *value = (EGLAttrib)display;
    return name == EGL_DEVICE_EXT;
}

__eglMustCastToProperFunctionPointerType eglGetProcAddress(const char *name)
{
    if (strcmp(name, "eglQueryDevicesEXT") == 0)
        return (__eglMustCastToProperFunctionPointerType)(void (*)(void))query_devices;
    if (strcmp(name, "eglQueryDeviceStringEXT") == 0)
        return (__eglMustCastToProperFunctionPointerType)(void (*)(void))query_device_string;
    if (strcmp(name, "eglQueryDisplayAttribEXT") == 0)
        return (__eglMustCastToProperFunctionPointerType)(void (*)(void))query_display;
    return NULL;
}

const char *eglQueryString(EGLDisplay display, EGLint name GS_UNUSED)
{
    return display == EGL_NO_DISPLAY ? fake.client_extensions : fake.display_extensions;
}

EGLDisplay eglGetPlatformDisplay(EGLenum platform, void *native, const EGLAttrib *list GS_UNUSED)
{
    if (platform == EGL_PLATFORM_DEVICE_EXT)
        return native;
    return &device_marks[fake.surfaceless_device < 0 ? GPUS : fake.surfaceless_device];
}

EGLBoolean eglInitialize(EGLDisplay display GS_UNUSED, EGLint *major GS_UNUSED,
                         EGLint *minor GS_UNUSED)
{
    fake.n_displays++;
    return EGL_TRUE;
}

EGLBoolean eglTerminate(EGLDisplay display GS_UNUSED)
{
    fake.n_displays--;
    return EGL_TRUE;
}

EGLBoolean eglBindAPI(EGLenum api)
{
    return api == EGL_OPENGL_ES_API;
}

EGLint eglGetError(void)
{
    return EGL_SUCCESS;
}

EGLContext eglCreateContext(EGLDisplay display, EGLConfig config GS_UNUSED,
                            EGLContext share GS_UNUSED, const EGLint *attributes)
{
    bool urgent = false;

    for (; *attributes != EGL_NONE; attributes += 2)
        urgent = urgent || (attributes[0] == EGL_CONTEXT_PRIORITY_LEVEL_IMG &&
                            attributes[1] == EGL_CONTEXT_PRIORITY_HIGH_IMG);
    fake.n_contexts++;
    fake.n_urgent += urgent;
    return urgent && fake.refuse_urgent ? EGL_NO_CONTEXT : (EGLContext)display;
}

EGLBoolean eglQueryContext(EGLDisplay display GS_UNUSED, EGLContext context GS_UNUSED, EGLint name,
                           EGLint *value)
{
    *value = fake.granted;
    return name == EGL_CONTEXT_PRIORITY_LEVEL_IMG;
}

EGLBoolean eglMakeCurrent(EGLDisplay display GS_UNUSED, EGLSurface draw GS_UNUSED,
                          EGLSurface read GS_UNUSED, EGLContext context GS_UNUSED)
{
    return EGL_TRUE;
}

EGLBoolean eglDestroyContext(EGLDisplay display GS_UNUSED, EGLContext context GS_UNUSED)
{
    return EGL_TRUE;
}

EGLBoolean eglReleaseThread(void)
{
    return EGL_TRUE;
}

const GLubyte *glGetString(GLenum name)
{
    return (const GLubyte *)(name == GL_RENDERER ? fake.renderer : "GL_OES_EGL_image");
}

/* ---- the machine ---- */

static int make_machine(void **state GS_UNUSED)
{
    memset(&fake, 0, sizeof(fake));
    fake.dir = g_dir_make_tmp("gs-gpus-XXXXXX", NULL);
    fake.n_gpus = GPUS;
    for (int i = 0; i < GPUS; i++) {
        fake.nodes[i] = g_strdup_printf("%s/renderD12%d", fake.dir, 8 + i);
        if (!g_file_set_contents(fake.nodes[i], "", 0, NULL))
            return -1;
    }
    fake.client_extensions = DEVICES_EXTENSIONS "EGL_MESA_platform_surfaceless";
    fake.display_extensions = CONTEXT_EXTENSIONS " EGL_IMG_context_priority";
    fake.renderer = "Some GPU";
    fake.granted = EGL_CONTEXT_PRIORITY_HIGH_IMG;
    fake.surfaceless_device = -1;
    return 0;
}

static int drop_machine(void **state GS_UNUSED)
{
    for (int i = 0; i < GPUS; i++) {
        g_unlink(fake.nodes[i]);
        g_free(fake.nodes[i]);
    }
    g_rmdir(fake.dir);
    g_free(fake.dir);
    return fake.n_displays ? -1 : 0;
}

static void assert_draws_with(const char *wish, const char *node)
{
    struct gs_egl *egl = NULL;

    assert_int_equal(gs_egl_create(wish, &egl), 0);
    assert_string_equal(egl->render_node, node);
    gs_egl_destroy(egl);
    assert_int_equal(fake.n_displays, 0);
}

/* ---- which one ---- */

static void test_takes_first(void **state GS_UNUSED)
{
    assert_draws_with(NULL, fake.nodes[0]);
    assert_draws_with("", fake.nodes[0]);
}

static void test_takes_named(void **state GS_UNUSED)
{
    assert_draws_with(fake.nodes[1], fake.nodes[1]);
}

static void test_takes_link(void **state GS_UNUSED)
{
    g_autofree char *link = g_build_filename(fake.dir, "pci-0000:01:00.0-render", NULL);

    assert_int_equal(symlink(fake.nodes[1], link), 0);
    assert_draws_with(link, fake.nodes[1]);
    g_unlink(link);
}

/* Never another one than was asked for, and not the surfaceless platform either. */
static void test_refuses_missing(void **state GS_UNUSED)
{
    struct gs_egl *egl = NULL;

    fake.n_gpus = 1;
    assert_int_equal(gs_egl_create(fake.nodes[1], &egl), -ENODEV);
    fake.n_gpus = 0;
    assert_int_equal(gs_egl_create(fake.nodes[1], &egl), -ENODEV);
    assert_null(egl);
    assert_int_equal(fake.n_displays, 0);
}

static void test_names(void **state GS_UNUSED)
{
    g_autofree char *both = g_strdup_printf("%s, %s", fake.nodes[0], fake.nodes[1]);
    g_autofree char *names = gs_egl_gpu_names(), *none = NULL;

    assert_string_equal(names, both);
    fake.n_gpus = 0;
    none = gs_egl_gpu_names();
    assert_null(none);
}

/* libdrm finds none, but Mesa does: the display says which. */
static void test_surfaceless_on_gpu(void **state GS_UNUSED)
{
    fake.n_gpus = 0;
    fake.surfaceless_device = 1;
    assert_draws_with(NULL, fake.nodes[1]);
}

static void test_surfaceless_in_software(void **state GS_UNUSED)
{
    fake.n_gpus = 0;
    assert_draws_with(NULL, "");
    fake.surfaceless_device = 1;
    fake.renderer = "llvmpipe (LLVM 15.0.6, 256 bits)";
    assert_draws_with(NULL, "");
}

/* ---- how urgently ---- */

static void test_asks_for_priority(void **state GS_UNUSED)
{
    assert_draws_with(NULL, fake.nodes[0]);
    assert_int_equal(fake.n_urgent, 1);
    assert_int_equal(fake.n_contexts, 1);
}

static void test_asks_for_none_without_extension(void **state GS_UNUSED)
{
    fake.display_extensions = CONTEXT_EXTENSIONS;
    assert_draws_with(NULL, fake.nodes[0]);
    assert_int_equal(fake.n_urgent, 0);
    assert_int_equal(fake.n_contexts, 1);
}

static void test_goes_on_when_refused(void **state GS_UNUSED)
{
    fake.refuse_urgent = true;
    assert_draws_with(NULL, fake.nodes[0]);
    assert_int_equal(fake.n_urgent, 1);
    assert_int_equal(fake.n_contexts, 2);
}

static void test_takes_what_is_granted(void **state GS_UNUSED)
{
    fake.granted = EGL_CONTEXT_PRIORITY_MEDIUM_IMG;
    assert_draws_with(NULL, fake.nodes[0]);
    assert_int_equal(fake.n_contexts, 1);
}

#define ON_MACHINE(test) cmocka_unit_test_setup_teardown(test, make_machine, drop_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MACHINE(test_takes_first),
        ON_MACHINE(test_takes_named),
        ON_MACHINE(test_takes_link),
        ON_MACHINE(test_refuses_missing),
        ON_MACHINE(test_names),
        ON_MACHINE(test_surfaceless_on_gpu),
        ON_MACHINE(test_surfaceless_in_software),
        ON_MACHINE(test_asks_for_priority),
        ON_MACHINE(test_asks_for_none_without_extension),
        ON_MACHINE(test_goes_on_when_refused),
        ON_MACHINE(test_takes_what_is_granted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
