/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/egl.h"

#include <GLES3/gl3.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "common/egl_words.h"
#include "common/log.h"

#define MAX_DEVICES 64

static bool node_opens(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        gs_warn("%s: %s", path, g_strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

/* Calls fn for each render node that can be opened until it returns true. */
static bool each_gpu(bool (*fn)(void *user, const drmDevice *gpu), void *user)
{
    drmDevicePtr gpus[MAX_DEVICES];
    int n = drmGetDevices2(0, gpus, MAX_DEVICES);
    bool done = false;

    for (int i = 0; i < n && !done; i++) {
        if (!(gpus[i]->available_nodes & 1 << DRM_NODE_RENDER))
            continue;
        if (node_opens(gpus[i]->nodes[DRM_NODE_RENDER]))
            done = fn(user, gpus[i]);
    }
    if (n > 0)
        drmFreeDevices(gpus, n);
    return done;
}

struct node_name {
    char *text;
    size_t size;
};

static bool take_name(void *user, const drmDevice *gpu)
{
    struct node_name *name = user;

    if (name->text)
        snprintf(name->text, name->size, "%s", gpu->nodes[DRM_NODE_RENDER]);
    return true;
}

bool gs_egl_gpu_present(char *ret_node, size_t size)
{
    return each_gpu(take_name, &(struct node_name){ret_node, size});
}

static bool add_name(void *user, const drmDevice *gpu)
{
    GString *names = user;

    g_string_append_printf(names, "%s%s", names->len ? ", " : "", gpu->nodes[DRM_NODE_RENDER]);
    return false;
}

char *gs_egl_gpu_names(void)
{
    GString *names = g_string_new(NULL);

    each_gpu(add_name, names);
    return g_string_free(names, names->len == 0);
}

static const char *priority_name(EGLint level)
{
    return level == EGL_CONTEXT_PRIORITY_HIGH_IMG     ? "high"
           : level == EGL_CONTEXT_PRIORITY_MEDIUM_IMG ? "medium"
                                                      : "low";
}

/* Our passes are short, and each picture waits for them: they go before the applications' work,
 * where the driver and our rights allow it (EGL_IMG_context_priority: a wish). */
static EGLContext make_urgent_context(EGLDisplay display, const char *extensions)
{
    static const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION, 3,
                                        EGL_CONTEXT_PRIORITY_LEVEL_IMG,
                                        EGL_CONTEXT_PRIORITY_HIGH_IMG, EGL_NONE};
    EGLint level = EGL_CONTEXT_PRIORITY_MEDIUM_IMG;
    EGLContext context = EGL_NO_CONTEXT;

    if (!gs_egl_list_has(extensions, "EGL_IMG_context_priority"))
        return EGL_NO_CONTEXT;
    context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
    if (context == EGL_NO_CONTEXT)
        gs_info("EGL: the driver refuses a context of high priority");
    else if (eglQueryContext(display, context, EGL_CONTEXT_PRIORITY_LEVEL_IMG, &level))
        gs_info("EGL: our context has %s priority", priority_name(level));
    return context;
}

static bool make_context(struct gs_egl *egl)
{
    static const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_NONE};
    const char *extensions = eglQueryString(egl->display, EGL_EXTENSIONS);

    if (!gs_egl_list_has(extensions, "EGL_KHR_no_config_context") ||
        !gs_egl_list_has(extensions, "EGL_KHR_surfaceless_context") ||
        !eglBindAPI(EGL_OPENGL_ES_API)) {
        gs_warn("EGL: no contexts without config and surface");
        return false;
    }
    egl->context = make_urgent_context(egl->display, extensions);
    if (egl->context == EGL_NO_CONTEXT)
        egl->context =
            eglCreateContext(egl->display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
    if (egl->context == EGL_NO_CONTEXT ||
        !eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, egl->context)) {
        gs_warn("EGL: no GLES 3 context: error 0x%x", eglGetError());
        return false;
    }
    return true;
}

static bool is_software(const char *renderer)
{
    return strstr(renderer, "llvmpipe") || strstr(renderer, "softpipe") ||
           strstr(renderer, "swrast") || strstr(renderer, "SwiftShader");
}

static bool can_import(const struct gs_egl *egl)
{
    const char *extensions = eglQueryString(egl->display, EGL_EXTENSIONS);

    return !egl->software && gs_egl_list_has(extensions, "EGL_EXT_image_dma_buf_import") &&
           gs_egl_list_has(extensions, "EGL_EXT_image_dma_buf_import_modifiers") &&
           gs_egl_list_has((const char *)glGetString(GL_EXTENSIONS), "GL_OES_EGL_image");
}

static void release(struct gs_egl *egl)
{
    if (egl->display == EGL_NO_DISPLAY)
        return;
    eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (egl->context != EGL_NO_CONTEXT)
        eglDestroyContext(egl->display, egl->context);
    eglTerminate(egl->display);
    eglReleaseThread();
}

/* Tries one display. On failure egl is as before. */
static bool try_display(struct gs_egl *egl, EGLDisplay display, const char *what)
{
    const char *renderer;

    if (display == EGL_NO_DISPLAY || !eglInitialize(display, NULL, NULL)) {
        gs_warn("EGL: %s does not initialise: error 0x%x", what, eglGetError());
        return false;
    }
    egl->display = display;
    if (!make_context(egl)) {
        release(egl);
        *egl = (struct gs_egl){.display = EGL_NO_DISPLAY, .context = EGL_NO_CONTEXT};
        return false;
    }
    renderer = (const char *)glGetString(GL_RENDERER);
    snprintf(egl->renderer, sizeof(egl->renderer), "%s", renderer ? renderer : "unknown");
    egl->software = is_software(egl->renderer);
    egl->dmabuf_import = can_import(egl);
    gs_info("EGL: %s, %s%s", what, egl->renderer,
            egl->dmabuf_import ? ", imports GPU buffers" : "");
    return true;
}

static bool same_node(EGLDeviceEXT device, EGLint name, const char *path)
{
    PFNEGLQUERYDEVICESTRINGEXTPROC query =
        (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
    const char *found = query(device, name);

    return found && strcmp(found, path) == 0;
}

static bool device_is(EGLDeviceEXT device, const drmDevice *gpu)
{
    PFNEGLQUERYDEVICESTRINGEXTPROC query =
        (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
    const char *extensions = query(device, EGL_EXTENSIONS);

    if (gs_egl_list_has(extensions, "EGL_EXT_device_drm_render_node") &&
        same_node(device, EGL_DRM_RENDER_NODE_FILE_EXT, gpu->nodes[DRM_NODE_RENDER]))
        return true;
    return gpu->available_nodes & 1 << DRM_NODE_PRIMARY &&
           gs_egl_list_has(extensions, "EGL_EXT_device_drm") &&
           same_node(device, EGL_DRM_DEVICE_FILE_EXT, gpu->nodes[DRM_NODE_PRIMARY]);
}

static EGLDeviceEXT find_device(const drmDevice *gpu)
{
    const char *extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    PFNEGLQUERYDEVICESEXTPROC query =
        (PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
    EGLDeviceEXT devices[MAX_DEVICES];
    EGLint n = 0;

    if (!gs_egl_list_has(extensions, "EGL_EXT_platform_device") ||
        !(gs_egl_list_has(extensions, "EGL_EXT_device_enumeration") ||
          gs_egl_list_has(extensions, "EGL_EXT_device_base")) ||
        !query || !query(MAX_DEVICES, devices, &n))
        return EGL_NO_DEVICE_EXT;
    for (EGLint i = 0; i < n; i++)
        if (device_is(devices[i], gpu))
            return devices[i];
    return EGL_NO_DEVICE_EXT;
}

struct choice {
    struct gs_egl *egl;
    const char *render_node; /* NULL: any */
};

static bool try_gpu(void *user, const drmDevice *gpu)
{
    struct choice *choice = user;
    const char *node = gpu->nodes[DRM_NODE_RENDER];
    EGLDeviceEXT device;

    if (choice->render_node && strcmp(choice->render_node, node) != 0)
        return false;
    device = find_device(gpu);
    if (device == EGL_NO_DEVICE_EXT) {
        gs_warn("EGL: no device for %s", node);
        return false;
    }
    if (!try_display(choice->egl, eglGetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, device, NULL),
                     node))
        return false;
    snprintf(choice->egl->render_node, sizeof(choice->egl->render_node), "%s", node);
    return true;
}

/* Mesa chooses a GPU for the surfaceless platform by itself, if it finds one that we do not. */
static void ask_node(struct gs_egl *egl)
{
    PFNEGLQUERYDISPLAYATTRIBEXTPROC query =
        (PFNEGLQUERYDISPLAYATTRIBEXTPROC)eglGetProcAddress("eglQueryDisplayAttribEXT");
    PFNEGLQUERYDEVICESTRINGEXTPROC query_string =
        (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
    const char *node = NULL;
    EGLAttrib device = 0;

    if (egl->software ||
        !gs_egl_list_has(eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS), "EGL_EXT_device_query") ||
        !query || !query_string || !query(egl->display, EGL_DEVICE_EXT, &device))
        return;
    if (gs_egl_list_has(query_string((EGLDeviceEXT)device, EGL_EXTENSIONS),
                        "EGL_EXT_device_drm_render_node"))
        node = query_string((EGLDeviceEXT)device, EGL_DRM_RENDER_NODE_FILE_EXT);
    g_strlcpy(egl->render_node, node ? node : "", sizeof(egl->render_node));
}

static bool try_surfaceless(struct gs_egl *egl)
{
    if (!gs_egl_list_has(eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS),
                         "EGL_MESA_platform_surfaceless")) {
        gs_warn("EGL: no surfaceless platform");
        return false;
    }
    if (!try_display(
            egl, eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL),
            "surfaceless"))
        return false;
    ask_node(egl);
    return true;
}

int gs_egl_create(const char *render_node, struct gs_egl **ret)
{
    struct gs_egl *egl = g_new0(struct gs_egl, 1);
    struct choice choice = {.egl = egl};
    char real[PATH_MAX];

    egl->display = EGL_NO_DISPLAY;
    egl->context = EGL_NO_CONTEXT;
    /* By any of its names, of which those in /dev/dri/by-path stay the same. */
    if (render_node && *render_node)
        choice.render_node = realpath(render_node, real) ? real : render_node;
    if (each_gpu(try_gpu, &choice) || (!choice.render_node && try_surfaceless(egl))) {
        *ret = egl;
        return 0;
    }
    gs_error("EGL: no display on %s", choice.render_node ? choice.render_node : "this machine");
    g_free(egl);
    return -ENODEV;
}

void gs_egl_destroy(struct gs_egl *egl)
{
    if (!egl)
        return;
    release(egl);
    g_free(egl);
}
