/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/vaapi_device.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <glib.h>
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_vaapi.h>
#include <string.h>
#include <unistd.h>

#include "common/ffmpeg.h"
#include "encoder/hardware.h"
#include "encoder/impls.h"

int gs_va_open(const char *node, AVBufferRef **ret)
{
    AVDictionary *options = NULL;
    char found[64];
    int err;

    if (!node[0]) {
        gs_render_node_find(found);
        node = found;
    }
    /* Else libavutil takes the name for an X display, after it failed. */
    av_dict_set(&options, "connection_type", "drm", 0);
    err = av_hwdevice_ctx_create(ret, AV_HWDEVICE_TYPE_VAAPI, node, options, 0);
    av_dict_free(&options);
    if (err >= 0)
        return 0;
    gs_encoder_refuse("no VA-API driver works on %s (Debian: mesa-va-drivers or "
                      "intel-media-va-driver)",
                      node);
    return gs_ffmpeg_errno(err);
}

VADisplay gs_va_display(AVBufferRef *device)
{
    return ((AVVAAPIDeviceContext *)((AVHWDeviceContext *)device->data)->hwctx)->display;
}

/* ---- what the driver can do ---- */

static const VAProfile profiles[] = {VAProfileH264High, VAProfileH264Main,
                                     VAProfileH264ConstrainedBaseline};

/* libavcodec takes the first of these that the driver has. */
static bool find_profile(VADisplay display, VAProfile *ret)
{
    int n = vaMaxNumProfiles(display);
    g_autofree VAProfile *all = g_new0(VAProfile, GS_MAX(n, 1));

    if (vaQueryConfigProfiles(display, all, &n) != VA_STATUS_SUCCESS)
        return false;
    for (size_t i = 0; i < GS_ARRAY_SIZE(profiles); i++) {
        for (int k = 0; k < n; k++) {
            if (all[k] != profiles[i])
                continue;
            *ret = all[k];
            return true;
        }
    }
    return false;
}

static bool has_entrypoint(VADisplay display, VAProfile profile, VAEntrypoint wanted)
{
    int n = vaMaxNumEntrypoints(display);
    g_autofree VAEntrypoint *all = g_new0(VAEntrypoint, GS_MAX(n, 1));

    if (vaQueryConfigEntrypoints(display, profile, all, &n) != VA_STATUS_SUCCESS)
        return false;
    for (int i = 0; i < n; i++)
        if (all[i] == wanted)
            return true;
    return false;
}

static void ask_way(VADisplay display, VAProfile profile, VAEntrypoint entrypoint,
                    struct gs_va_way *way)
{
    VAConfigAttrib a[] = {{.type = VAConfigAttribRateControl}, {.type = VAConfigAttribEncROI}};
    VAConfigAttribValEncROI roi;

    way->low_power = entrypoint == VAEntrypointEncSliceLP;
    way->rate_modes = VA_RC_CQP;
    way->roi = false;
    if (vaGetConfigAttributes(display, profile, entrypoint, a, GS_ARRAY_SIZE(a)) !=
        VA_STATUS_SUCCESS)
        return;
    if (a[0].value != VA_ATTRIB_NOT_SUPPORTED)
        way->rate_modes = a[0].value;
    roi.value = a[1].value;
    way->roi = a[1].value != VA_ATTRIB_NOT_SUPPORTED && roi.bits.num_roi_regions > 0;
}

int gs_va_ways(AVBufferRef *device, struct gs_va_way ret[static GS_VA_WAYS])
{
    static const VAEntrypoint entrypoints[GS_VA_WAYS] = {VAEntrypointEncSliceLP,
                                                         VAEntrypointEncSlice};
    VADisplay display = gs_va_display(device);
    const char *driver = vaQueryVendorString(display);
    VAProfile profile;
    int n = 0;

    if (!find_profile(display, &profile)) {
        gs_encoder_refuse("the driver knows no H.264: %s", driver ? driver : "no name");
        return -ENOTSUP;
    }
    for (size_t i = 0; i < GS_VA_WAYS; i++)
        if (has_entrypoint(display, profile, entrypoints[i]))
            ask_way(display, profile, entrypoints[i], &ret[n++]);
    if (n)
        return n;
    gs_encoder_refuse("the driver decodes H.264 but does not encode it: %s",
                      driver ? driver : "no name");
    return -ENOTSUP;
}

/* ---- export ---- */

static bool take_layer(const VADRMPRIMESurfaceDescriptor *d, unsigned i, uint32_t format,
                       struct gs_dmabuf *ret)
{
    *ret = (struct gs_dmabuf){.format = format, .n_planes = d->layers[i].num_planes};
    if (d->layers[i].drm_format != format || ret->n_planes < 1 || ret->n_planes > GS_DMABUF_PLANES)
        return false;
    for (unsigned k = 0; k < ret->n_planes; k++) {
        unsigned object = d->layers[i].object_index[k];

        if (object >= d->num_objects)
            return false;
        ret->fd[k] = d->objects[object].fd;
        ret->offset[k] = d->layers[i].offset[k];
        ret->stride[k] = d->layers[i].pitch[k];
        ret->modifier = d->objects[object].drm_format_modifier;
    }
    return true;
}

int gs_va_export(VADisplay display, VASurfaceID surface, VADRMPRIMESurfaceDescriptor *ret_held,
                 struct gs_encoder_surface *ret)
{
    VAStatus status = vaExportSurfaceHandle(
        display, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
        VA_EXPORT_SURFACE_WRITE_ONLY | VA_EXPORT_SURFACE_SEPARATE_LAYERS, ret_held);

    if (status != VA_STATUS_SUCCESS) {
        gs_debug("vaExportSurfaceHandle: %s", vaErrorStr(status));
        *ret_held = (VADRMPRIMESurfaceDescriptor){0};
        return -ENOTSUP;
    }
    *ret = (struct gs_encoder_surface){.kind = GS_SURFACE_DMABUF};
    if (ret_held->num_layers == 2 && take_layer(ret_held, 0, DRM_FORMAT_R8, &ret->luma) &&
        take_layer(ret_held, 1, DRM_FORMAT_GR88, &ret->chroma))
        return 0;
    gs_debug("the driver exports no R8 and GR88 planes");
    gs_va_unexport(ret_held);
    return -ENOTSUP;
}

void gs_va_unexport(VADRMPRIMESurfaceDescriptor *held)
{
    for (unsigned i = 0; i < held->num_objects; i++)
        close(held->objects[i].fd);
    *held = (VADRMPRIMESurfaceDescriptor){0};
}
