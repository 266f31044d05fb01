/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/mock/mock_va.h"

#include <va/va_backend.h>

#define MAX_SIDE 8192

bool mock_va_has(const char *word)
{
    const char *all = g_getenv("GS_MOCK_VA");
    g_auto(GStrv) words = g_strsplit(all ? all : "", ",", -1);

    return g_strv_contains((const gchar *const *)words, word);
}

static VAStatus unimplemented(void)
{
    return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus terminate(VADriverContextP ctx)
{
    g_hash_table_unref(mock_va_of(ctx)->objects);
    g_free(ctx->pDriverData);
    return VA_STATUS_SUCCESS;
}

/* ---- what it can do ---- */

static VAStatus query_profiles(VADriverContextP ctx G_GNUC_UNUSED, VAProfile *list, int *n)
{
    *n = 0;
    if (mock_va_has("noprofile"))
        list[(*n)++] = VAProfileMPEG2Main;
    else
        list[(*n)++] = VAProfileH264ConstrainedBaseline;
    return VA_STATUS_SUCCESS;
}

static VAStatus query_entrypoints(VADriverContextP ctx G_GNUC_UNUSED,
                                  VAProfile profile G_GNUC_UNUSED, VAEntrypoint *list, int *n)
{
    *n = 0;
    list[(*n)++] = VAEntrypointVLD;
    if (mock_va_has("noencode"))
        return VA_STATUS_SUCCESS;
    list[(*n)++] = VAEntrypointEncSlice;
    if (mock_va_has("lowpower"))
        list[(*n)++] = VAEntrypointEncSliceLP;
    return VA_STATUS_SUCCESS;
}

static uint32_t attribute(VAConfigAttribType type)
{
    VAConfigAttribValEncROI roi = {.bits = {.num_roi_regions = 4, .roi_rc_qp_delta_support = 1}};

    switch (type) {
    case VAConfigAttribRTFormat:
        return VA_RT_FORMAT_YUV420;
    case VAConfigAttribRateControl:
        return mock_va_has("cqponly") ? VA_RC_CQP : VA_RC_CQP | VA_RC_CBR | VA_RC_VBR | VA_RC_QVBR;
    case VAConfigAttribEncMaxRefFrames:
        return 1;
    case VAConfigAttribEncPackedHeaders:
        return mock_va_has("nopacked")
                   ? VA_ATTRIB_NOT_SUPPORTED
                   : VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_SLICE |
                         VA_ENC_PACKED_HEADER_MISC | VA_ENC_PACKED_HEADER_RAW_DATA;
    case VAConfigAttribEncMaxSlices:
        return 16;
    case VAConfigAttribEncSliceStructure:
        return VA_ENC_SLICE_STRUCTURE_ARBITRARY_ROWS;
    case VAConfigAttribEncROI:
        return mock_va_has("roi") ? roi.value : VA_ATTRIB_NOT_SUPPORTED;
    default:
        return VA_ATTRIB_NOT_SUPPORTED;
    }
}

static VAStatus get_attributes(VADriverContextP ctx G_GNUC_UNUSED, VAProfile profile G_GNUC_UNUSED,
                               VAEntrypoint entrypoint G_GNUC_UNUSED, VAConfigAttrib *list, int n)
{
    for (int i = 0; i < n; i++)
        list[i].value = attribute(list[i].type);
    return VA_STATUS_SUCCESS;
}

static VAStatus create_config(VADriverContextP ctx, VAProfile profile G_GNUC_UNUSED,
                              VAEntrypoint entrypoint, VAConfigAttrib *list, int n, VAConfigID *id)
{
    struct mock_object *config = mock_va_add(mock_va_of(ctx), MOCK_CONFIG, id);

    config->low_power = entrypoint == VAEntrypointEncSliceLP;
    for (int i = 0; i < n; i++)
        if (list[i].type == VAConfigAttribRateControl)
            config->rate_mode = list[i].value;
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_config(VADriverContextP ctx, VAConfigID id)
{
    return mock_va_drop(ctx, id, MOCK_CONFIG, VA_STATUS_ERROR_INVALID_CONFIG);
}

static VAStatus query_surface_attributes(VADriverContextP ctx G_GNUC_UNUSED,
                                         VAConfigID config G_GNUC_UNUSED, VASurfaceAttrib *list,
                                         unsigned *n)
{
    static const struct {
        VASurfaceAttribType type;
        int value;
    } all[] = {{VASurfaceAttribPixelFormat, VA_FOURCC_NV12},
               {VASurfaceAttribMinWidth, 16},
               {VASurfaceAttribMinHeight, 16},
               {VASurfaceAttribMaxWidth, MAX_SIDE},
               {VASurfaceAttribMaxHeight, MAX_SIDE}};

    for (unsigned i = 0; list && i < G_N_ELEMENTS(all); i++)
        list[i] = (VASurfaceAttrib){
            .type = all[i].type,
            .flags = VA_SURFACE_ATTRIB_GETTABLE,
            .value = {.type = VAGenericValueTypeInteger, .value.i = all[i].value}};
    *n = G_N_ELEMENTS(all);
    return VA_STATUS_SUCCESS;
}

/* ---- encoding ---- */

static VAStatus create_context(VADriverContextP ctx, VAConfigID config, int width G_GNUC_UNUSED,
                               int height G_GNUC_UNUSED, int flag G_GNUC_UNUSED,
                               VASurfaceID *targets G_GNUC_UNUSED, int n G_GNUC_UNUSED,
                               VAContextID *id)
{
    struct mock_object *context = mock_va_add(mock_va_of(ctx), MOCK_CONTEXT, id);

    context->config = mock_va_find(mock_va_of(ctx), config, MOCK_CONFIG);
    context->rendered = g_ptr_array_new_with_free_func(mock_va_object_free);
    return context->config ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_CONFIG;
}

static VAStatus destroy_context(VADriverContextP ctx, VAContextID id)
{
    return mock_va_drop(ctx, id, MOCK_CONTEXT, VA_STATUS_ERROR_INVALID_CONTEXT);
}

static VAStatus begin_picture(VADriverContextP ctx, VAContextID id, VASurfaceID target)
{
    struct mock_object *context = mock_va_find(mock_va_of(ctx), id, MOCK_CONTEXT);

    if (!context)
        return VA_STATUS_ERROR_INVALID_CONTEXT;
    context->target = target;
    g_ptr_array_set_size(context->rendered, 0);
    return VA_STATUS_SUCCESS;
}

static VAStatus render_picture(VADriverContextP ctx, VAContextID id, VABufferID *buffers, int n)
{
    struct mock_object *context = mock_va_find(mock_va_of(ctx), id, MOCK_CONTEXT);

    for (int i = 0; i < n; i++) {
        struct mock_object *buffer = mock_va_find(mock_va_of(ctx), buffers[i], MOCK_BUFFER);
        struct mock_object *copy = g_new0(struct mock_object, 1);

        if (!buffer) {
            g_free(copy);
            return VA_STATUS_ERROR_INVALID_BUFFER;
        }
        *copy = (struct mock_object){.kind = MOCK_BUFFER, .fd = -1, .type = buffer->type};
        copy->bytes = g_byte_array_ref(buffer->bytes);
        g_ptr_array_add(context->rendered, copy);
    }
    return VA_STATUS_SUCCESS;
}

static VAStatus end_picture(VADriverContextP ctx, VAContextID id)
{
    return mock_va_encode(mock_va_of(ctx), mock_va_find(mock_va_of(ctx), id, MOCK_CONTEXT));
}

/* libva wants all of these to be there. */
static void fill_vtable(struct VADriverVTable *v)
{
    *v = (struct VADriverVTable){
        .vaTerminate = terminate,
        .vaQueryConfigProfiles = query_profiles,
        .vaQueryConfigEntrypoints = query_entrypoints,
        .vaGetConfigAttributes = get_attributes,
        .vaCreateConfig = create_config,
        .vaDestroyConfig = destroy_config,
        .vaQuerySurfaceAttributes = query_surface_attributes,
        .vaCreateContext = create_context,
        .vaDestroyContext = destroy_context,
        .vaBeginPicture = begin_picture,
        .vaRenderPicture = render_picture,
        .vaEndPicture = end_picture,
        .vaQueryConfigAttributes = (void *)unimplemented,
        .vaCreateSurfaces = (void *)unimplemented,
        .vaBufferSetNumElements = (void *)unimplemented,
        .vaQuerySurfaceStatus = (void *)unimplemented,
        .vaPutSurface = (void *)unimplemented,
        .vaSetImagePalette = (void *)unimplemented,
        .vaGetImage = (void *)unimplemented,
        .vaQuerySubpictureFormats = (void *)unimplemented,
        .vaCreateSubpicture = (void *)unimplemented,
        .vaDestroySubpicture = (void *)unimplemented,
        .vaSetSubpictureImage = (void *)unimplemented,
        .vaSetSubpictureChromakey = (void *)unimplemented,
        .vaSetSubpictureGlobalAlpha = (void *)unimplemented,
        .vaAssociateSubpicture = (void *)unimplemented,
        .vaDeassociateSubpicture = (void *)unimplemented,
        .vaQueryDisplayAttributes = (void *)unimplemented,
        .vaGetDisplayAttributes = (void *)unimplemented,
        .vaSetDisplayAttributes = (void *)unimplemented,
    };
}

__attribute__((visibility("default"))) VAStatus __vaDriverInit_1_0(VADriverContextP ctx);

VAStatus __vaDriverInit_1_0(VADriverContextP ctx)
{
    struct mock_va *va = g_new0(struct mock_va, 1);

    va->objects = g_hash_table_new_full(NULL, NULL, NULL, mock_va_object_free);
    ctx->pDriverData = va;
    ctx->version_major = VA_MAJOR_VERSION;
    ctx->version_minor = VA_MINOR_VERSION;
    ctx->max_profiles = 4;
    ctx->max_entrypoints = 4;
    ctx->max_attributes = 16;
    ctx->max_image_formats = 1;
    ctx->max_subpic_formats = 1;
    ctx->max_display_attributes = 1;
    ctx->str_vendor = "gpushare mock driver";
    fill_vtable(ctx->vtable);
    mock_va_fill_surfaces(ctx->vtable);
    return VA_STATUS_SUCCESS;
}
