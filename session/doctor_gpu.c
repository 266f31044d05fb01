/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Render nodes, EGL and GPU buffers. */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>

#include "common/check.h"
#include "session/dmabuf.h"
#include "session/doctor.h"
#include "session/egl.h"

#define MAX_DEVICES 64
#define SIDE 64 /* of the buffer that is passed around, pixels */

/* ---- render nodes ---- */

static void remedy_for_denied(struct gs_check *check, const char *node)
{
    const struct passwd *user = getpwuid(geteuid());
    const struct group *group = NULL;
    struct stat st;

    if (stat(node, &st) == 0)
        group = getgrgid(st.st_gid);
    gs_check_set_remedy(check,
                        "add the user to the group of %s, then log in again: usermod -aG %s %s",
                        node, group ? group->gr_name : "render", user ? user->pw_name : "USER");
}

static char *driver_of(int fd)
{
    drmVersionPtr version = drmGetVersion(fd);
    char *name = g_strdup(version && version->name ? version->name : "unknown driver");

    drmFreeVersion(version);
    return name;
}

/* Adds the node to the list; false: it does not open. */
static bool look_at_node(const char *node, GString *list, struct gs_check *check)
{
    int fd = open(node, O_RDWR | O_CLOEXEC);
    g_autofree char *driver = NULL;

    if (list->len)
        g_string_append(list, ", ");
    if (fd < 0) {
        g_string_append_printf(list, "%s: %s", node, g_strerror(errno));
        if (errno == EACCES || errno == EPERM)
            remedy_for_denied(check, node);
        return false;
    }
    driver = driver_of(fd);
    g_string_append_printf(list, "%s (%s)", node, driver);
    close(fd);
    return true;
}

static void say_no_nodes(void)
{
    bool nvidia = access("/dev/nvidiactl", F_OK) == 0;
    struct gs_check check;

    gs_check_set(&check, "gpu.nodes", "render nodes", nvidia ? GS_CHECK_WARN : GS_CHECK_INFO, "%s",
                 nvidia ? "none in /dev/dri, though there is an NVIDIA device"
                        : "none in /dev/dri: there is no GPU here, or no driver for it");
    gs_check_set_remedy(&check, "%s",
                        nvidia ? "modprobe nvidia-drm modeset=1; in a container, pass /dev/dri in"
                               : "with a GPU: install its driver; in a container or virtual "
                                 "machine, pass /dev/dri in");
    gs_check_say(&check);
}

bool gs_doctor_nodes(void *user)
{
    drmDevicePtr gpus[MAX_DEVICES];
    int n = drmGetDevices2(0, gpus, MAX_DEVICES);
    g_autoptr(GString) list = g_string_new(NULL);
    struct gs_check check = {0};
    bool any = false, all = true;

    (void)user;
    for (int i = 0; i < n; i++) {
        if (gpus[i]->available_nodes & 1 << DRM_NODE_RENDER) {
            bool opens = look_at_node(gpus[i]->nodes[DRM_NODE_RENDER], list, &check);

            any |= opens;
            all &= opens;
        }
    }
    if (n > 0)
        drmFreeDevices(gpus, n);
    if (!list->len) {
        say_no_nodes();
        return true;
    }
    g_strlcpy(check.id, "gpu.nodes", sizeof(check.id));
    g_strlcpy(check.title, "render nodes", sizeof(check.title));
    check.status = all ? GS_CHECK_OK : GS_CHECK_WARN;
    g_strlcpy(check.detail, list->str, sizeof(check.detail));
    gs_check_say(&check);
    return true;
}

/* ---- EGL ---- */

static bool lists(const char *extensions, const char *name)
{
    g_auto(GStrv) all = g_strsplit(extensions ? extensions : "", " ", -1);

    return g_strv_contains((const char *const *)all, name);
}

static void append_device(EGLDeviceEXT device, const struct gs_egl *egl, GString *list)
{
    PFNEGLQUERYDEVICESTRINGEXTPROC query =
        (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
    const char *extensions = query(device, EGL_EXTENSIONS), *node = NULL;

    if (lists(extensions, "EGL_EXT_device_drm_render_node"))
        node = query(device, EGL_DRM_RENDER_NODE_FILE_EXT);
    if (!node && lists(extensions, "EGL_EXT_device_drm"))
        node = query(device, EGL_DRM_DEVICE_FILE_EXT);
    if (!node && lists(extensions, "EGL_MESA_device_software"))
        node = "software";
    g_string_append_printf(
        list, "%s%s%s", list->len ? ", " : "", node ? node : "without a node",
        egl->render_node[0] && g_strcmp0(node, egl->render_node) == 0 ? " (taken)" : "");
}

static void say_devices(const struct gs_egl *egl)
{
    const char *extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    PFNEGLQUERYDEVICESEXTPROC query =
        (PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
    g_autoptr(GString) list = g_string_new(NULL);
    EGLDeviceEXT devices[MAX_DEVICES];
    struct gs_check check;
    EGLint n = 0;

    if (!query || !lists(extensions, "EGL_EXT_device_query") || !query(MAX_DEVICES, devices, &n))
        n = 0;
    for (EGLint i = 0; i < n; i++)
        append_device(devices[i], egl, list);
    gs_check_set(&check, "gpu.egl", "EGL devices", n ? GS_CHECK_OK : GS_CHECK_INFO, "%s%s",
                 n ? list->str : "EGL lists none",
                 egl->render_node[0] ? "" : "; sessions take the surfaceless platform");
    gs_check_say(&check);
}

static void say_renderer(const struct gs_egl *egl)
{
    const char *vendor = (const char *)glGetString(GL_VENDOR);
    const char *version = (const char *)glGetString(GL_VERSION);
    struct gs_check check;

    gs_check_set(&check, "gpu.renderer", "OpenGL", egl->software ? GS_CHECK_WARN : GS_CHECK_OK,
                 "%s, %s, %s%s", egl->renderer, vendor ? vendor : "?", version ? version : "?",
                 egl->software ? ": programs render on the processor" : "");
    if (egl->software)
        gs_check_set_remedy(&check, "fine for trying and for tests, slow for 3D; for speed this "
                                    "machine needs a GPU with a render node");
    g_strlcpy(check.value, egl->renderer, sizeof(check.value));
    gs_check_say(&check);
}

bool gs_doctor_renderer(void *user)
{
    bool gpu = gs_egl_gpu_present(NULL, 0);
    struct gs_egl *egl;
    struct gs_check check;

    (void)user;
    if (gs_egl_create(NULL, &egl) == 0) {
        say_devices(egl);
        say_renderer(egl);
        gs_egl_destroy(egl);
        return true;
    }
    g_autofree char *why = gs_check_last_words();
    gs_check_set(&check, "gpu.renderer", "OpenGL", GS_CHECK_WARN,
                 "EGL does not start (%s): programs that use OpenGL or Vulkan will not run", why);
    gs_check_set_remedy(&check, "%s",
                        gpu ? "install the EGL library of the GPU's driver"
                            : "apt install libegl1 libegl-mesa0 libgl1-mesa-dri libgles2");
    gs_check_say(&check);
    return true;
}

/* ---- GPU buffers ---- */

static EGLImageKHR make_image(const struct gs_egl *egl)
{
    PFNEGLCREATEIMAGEKHRPROC create =
        (PFNEGLCREATEIMAGEKHRPROC)eglGetProcAddress("eglCreateImageKHR");
    static const EGLint preserved[] = {EGL_IMAGE_PRESERVED_KHR, EGL_TRUE, EGL_NONE};
    GLuint texture;

    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, SIDE, SIDE);
    return create ? create(egl->display, egl->context, EGL_GL_TEXTURE_2D_KHR,
                           (EGLClientBuffer)(uintptr_t)texture, preserved)
                  : EGL_NO_IMAGE_KHR;
}

static bool export_image(const struct gs_egl *egl, EGLImageKHR image, struct gs_dmabuf *ret)
{
    PFNEGLEXPORTDMABUFIMAGEQUERYMESAPROC query =
        (PFNEGLEXPORTDMABUFIMAGEQUERYMESAPROC)eglGetProcAddress("eglExportDMABUFImageQueryMESA");
    PFNEGLEXPORTDMABUFIMAGEMESAPROC export =
        (PFNEGLEXPORTDMABUFIMAGEMESAPROC)eglGetProcAddress("eglExportDMABUFImageMESA");
    EGLint offsets[GS_DMABUF_PLANES] = {0}, strides[GS_DMABUF_PLANES] = {0};
    EGLuint64KHR modifiers[GS_DMABUF_PLANES] = {0};
    int fourcc, n;

    if (!query || !export || !query(egl->display, image, &fourcc, &n, modifiers) || n < 1 ||
        n > GS_DMABUF_PLANES || !export(egl->display, image, ret->fd, strides, offsets))
        return false;
    ret->buffer_id = 1;
    ret->format = (uint32_t)fourcc;
    ret->modifier = modifiers[0];
    ret->n_planes = (unsigned)n;
    for (int i = 0; i < n; i++) {
        ret->offset[i] = (uint32_t)offsets[i];
        ret->stride[i] = (uint32_t)strides[i];
        /* The planes of one buffer may share one descriptor. */
        if (ret->fd[i] < 0)
            ret->fd[i] = ret->fd[0];
    }
    return true;
}

/* NULL: it came in; else what failed. The process ends soon and frees all. */
static const char *pass_buffer(const struct gs_egl *egl)
{
    struct gs_dmabuf dmabuf = {.fd = {-1, -1, -1, -1}};
    EGLImageKHR image = make_image(egl);

    if (image == EGL_NO_IMAGE_KHR ||
        !lists(eglQueryString(egl->display, EGL_EXTENSIONS), "EGL_MESA_image_dma_buf_export"))
        return "not tried: this driver exports none to try it with";
    if (!export_image(egl, image, &dmabuf))
        return "a buffer could not be exported to try it with";
    if (gs_dmabuf_import(egl, &dmabuf, SIDE, SIDE) == EGL_NO_IMAGE_KHR)
        return "an import was refused";
    return NULL;
}

static EGLint count_formats(const struct gs_egl *egl)
{
    PFNEGLQUERYDMABUFFORMATSEXTPROC query =
        (PFNEGLQUERYDMABUFFORMATSEXTPROC)eglGetProcAddress("eglQueryDmaBufFormatsEXT");
    EGLint n = 0;

    return query && query(egl->display, 0, NULL, &n) ? n : 0;
}

bool gs_doctor_dmabuf(void *user)
{
    struct gs_check check;
    struct gs_egl *egl;
    const char *why;

    (void)user;
    if (gs_egl_create(NULL, &egl) < 0)
        return true; /* said already */
    why = egl->dmabuf_import ? pass_buffer(egl) : NULL;
    if (egl->software)
        gs_check_set(&check, "gpu.dmabuf", "GPU buffers", GS_CHECK_INFO,
                     "none with software rendering: pictures go through memory");
    else if (!egl->dmabuf_import)
        gs_check_set(&check, "gpu.dmabuf", "GPU buffers", GS_CHECK_WARN,
                     "EGL lacks EGL_EXT_image_dma_buf_import(_modifiers) or GL_OES_EGL_image: "
                     "pictures of applications go through memory");
    else
        gs_check_set(&check, "gpu.dmabuf", "GPU buffers",
                     !why                                 ? GS_CHECK_OK
                     : g_str_has_prefix(why, "not tried") ? GS_CHECK_INFO
                                                          : GS_CHECK_WARN,
                     "%d formats can be imported%s%s", count_formats(egl),
                     why ? "; " : "; an import was tried and works", why ? why : "");
    if (check.status == GS_CHECK_WARN)
        gs_check_set_remedy(&check, "update the graphics driver");
    gs_check_say(&check);
    return true;
}
