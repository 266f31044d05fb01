/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <drm_fourcc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <va/va_drmcommon.h>

#include "tests/support/mock/mock_va.h"

#define ALIGN(v, to) (((v) + (to)-1) / (to) * (to))

/* ---- objects ---- */

struct mock_object *mock_va_find(struct mock_va *va, uint32_t id, enum mock_kind kind)
{
    struct mock_object *o = g_hash_table_lookup(va->objects, GUINT_TO_POINTER(id));

    return o && o->kind == kind ? o : NULL;
}

void mock_va_object_free(void *data)
{
    struct mock_object *o = data;

    if (o->data)
        munmap(o->data, o->size);
    if (o->kind == MOCK_SURFACE && o->fd >= 0)
        close(o->fd);
    if (o->bytes)
        g_byte_array_unref(o->bytes);
    if (o->rendered)
        g_ptr_array_unref(o->rendered);
    g_free(o);
}

struct mock_object *mock_va_add(struct mock_va *va, enum mock_kind kind, uint32_t *ret_id)
{
    struct mock_object *o = g_new0(struct mock_object, 1);

    o->kind = kind;
    o->fd = -1;
    *ret_id = ++va->next_id;
    g_hash_table_insert(va->objects, GUINT_TO_POINTER(*ret_id), o);
    return o;
}

VAStatus mock_va_drop(VADriverContextP ctx, uint32_t id, enum mock_kind kind, VAStatus error)
{
    if (!mock_va_find(mock_va_of(ctx), id, kind))
        return error;
    g_hash_table_remove(mock_va_of(ctx)->objects, GUINT_TO_POINTER(id));
    return VA_STATUS_SUCCESS;
}

/* ---- surfaces ---- */

static VAStatus create_surfaces(VADriverContextP ctx, unsigned format G_GNUC_UNUSED, unsigned width,
                                unsigned height, VASurfaceID *ids, unsigned n,
                                VASurfaceAttrib *list G_GNUC_UNUSED,
                                unsigned n_attributes G_GNUC_UNUSED)
{
    if (mock_va_has("surfaces"))
        return VA_STATUS_ERROR_ALLOCATION_FAILED;
    for (unsigned i = 0; i < n; i++) {
        struct mock_object *s = mock_va_add(mock_va_of(ctx), MOCK_SURFACE, &ids[i]);

        s->width = width;
        s->height = height;
        s->stride = ALIGN(width, 64);
        s->chroma = (size_t)s->stride * ALIGN(height, 16);
        s->size = ALIGN(s->chroma * 3 / 2, 4096);
        s->fd = memfd_create("mock surface", MFD_CLOEXEC);
        if (s->fd < 0 || ftruncate(s->fd, (off_t)s->size) < 0)
            return VA_STATUS_ERROR_ALLOCATION_FAILED;
        s->data = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
        if (s->data == MAP_FAILED) {
            s->data = NULL;
            return VA_STATUS_ERROR_ALLOCATION_FAILED;
        }
    }
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_surfaces(VADriverContextP ctx, VASurfaceID *ids, int n)
{
    for (int i = 0; i < n; i++)
        if (mock_va_drop(ctx, ids[i], MOCK_SURFACE, VA_STATUS_ERROR_INVALID_SURFACE) !=
            VA_STATUS_SUCCESS)
            return VA_STATUS_ERROR_INVALID_SURFACE;
    return VA_STATUS_SUCCESS;
}

static VAStatus sync_surface(VADriverContextP ctx, VASurfaceID id)
{
    return mock_va_find(mock_va_of(ctx), id, MOCK_SURFACE) ? VA_STATUS_SUCCESS
                                                           : VA_STATUS_ERROR_INVALID_SURFACE;
}

static VAStatus export_surface(VADriverContextP ctx, VASurfaceID id, uint32_t type, uint32_t flags,
                               void *descriptor)
{
    const struct mock_object *s = mock_va_find(mock_va_of(ctx), id, MOCK_SURFACE);
    VADRMPRIMESurfaceDescriptor *d = descriptor;

    if (mock_va_has("noexport") || type != VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2 ||
        !(flags & VA_EXPORT_SURFACE_SEPARATE_LAYERS))
        return VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
    if (!s)
        return VA_STATUS_ERROR_INVALID_SURFACE;
    *d = (VADRMPRIMESurfaceDescriptor){
        .fourcc = VA_FOURCC_NV12,
        .width = s->width,
        .height = s->height,
        .num_objects = 1,
        .objects[0] = {.fd = dup(s->fd),
                       .size = (uint32_t)s->size,
                       .drm_format_modifier = MOCK_VA_MODIFIER},
        .num_layers = 2,
        .layers[0] = {.drm_format = DRM_FORMAT_R8, .num_planes = 1, .pitch[0] = s->stride},
        .layers[1] = {.drm_format = DRM_FORMAT_GR88,
                      .num_planes = 1,
                      .offset[0] = (uint32_t)s->chroma,
                      .pitch[0] = s->stride},
    };
    return VA_STATUS_SUCCESS;
}

/* ---- buffers and images ---- */

static VAStatus create_buffer(VADriverContextP ctx, VAContextID context G_GNUC_UNUSED,
                              VABufferType type, unsigned size, unsigned n, void *data,
                              VABufferID *id)
{
    struct mock_object *buffer = mock_va_add(mock_va_of(ctx), MOCK_BUFFER, id);

    buffer->type = type;
    buffer->bytes = g_byte_array_new();
    if (data)
        g_byte_array_append(buffer->bytes, data, size * n);
    else if (type != VAEncCodedBufferType)
        g_byte_array_set_size(buffer->bytes, size * n);
    return VA_STATUS_SUCCESS;
}

static VAStatus map_buffer(VADriverContextP ctx, VABufferID id, void **ret)
{
    struct mock_object *buffer = mock_va_find(mock_va_of(ctx), id, MOCK_BUFFER);

    if (!buffer)
        return VA_STATUS_ERROR_INVALID_BUFFER;
    *ret = buffer->alias ? buffer->alias : buffer->bytes->data;
    if (buffer->type == VAEncCodedBufferType) {
        buffer->segment =
            (VACodedBufferSegment){.size = buffer->bytes->len, .buf = buffer->bytes->data};
        *ret = &buffer->segment;
    }
    return VA_STATUS_SUCCESS;
}

static VAStatus unmap_buffer(VADriverContextP ctx, VABufferID id)
{
    return mock_va_find(mock_va_of(ctx), id, MOCK_BUFFER) ? VA_STATUS_SUCCESS
                                                          : VA_STATUS_ERROR_INVALID_BUFFER;
}

static VAStatus destroy_buffer(VADriverContextP ctx, VABufferID id)
{
    return mock_va_drop(ctx, id, MOCK_BUFFER, VA_STATUS_ERROR_INVALID_BUFFER);
}

static VAStatus sync_buffer(VADriverContextP ctx, VABufferID id, uint64_t timeout G_GNUC_UNUSED)
{
    return unmap_buffer(ctx, id);
}

static VAStatus query_image_formats(VADriverContextP ctx G_GNUC_UNUSED, VAImageFormat *list, int *n)
{
    list[0] =
        (VAImageFormat){.fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12};
    *n = 1;
    return VA_STATUS_SUCCESS;
}

static struct mock_object *add_image(struct mock_va *va, const struct mock_object *like,
                                     VAImage *ret)
{
    struct mock_object *image = mock_va_add(va, MOCK_IMAGE, &ret->image_id);
    uint32_t image_id = ret->image_id;

    *ret = (VAImage){
        .image_id = image_id,
        .format = {.fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12},
        .width = (uint16_t)like->width,
        .height = (uint16_t)like->height,
        .data_size = (uint32_t)like->size,
        .num_planes = 2,
        .pitches = {like->stride, like->stride},
        .offsets = {0, (uint32_t)like->chroma},
    };
    mock_va_add(va, MOCK_BUFFER, &ret->buf)->type = VAImageBufferType;
    image->image = *ret;
    return image;
}

static VAStatus derive_image(VADriverContextP ctx, VASurfaceID id, VAImage *ret)
{
    const struct mock_object *s = mock_va_find(mock_va_of(ctx), id, MOCK_SURFACE);

    if (!s || mock_va_has("noderive"))
        return VA_STATUS_ERROR_OPERATION_FAILED;
    add_image(mock_va_of(ctx), s, ret);
    mock_va_find(mock_va_of(ctx), ret->buf, MOCK_BUFFER)->alias = s->data;
    return VA_STATUS_SUCCESS;
}

static VAStatus create_image(VADriverContextP ctx, VAImageFormat *format G_GNUC_UNUSED, int width,
                             int height, VAImage *ret)
{
    struct mock_object like = {
        .width = (uint32_t)width, .height = (uint32_t)height, .stride = ALIGN((uint32_t)width, 64)};
    struct mock_object *buffer;

    like.chroma = (size_t)like.stride * ALIGN(like.height, 16);
    like.size = like.chroma * 3 / 2;
    add_image(mock_va_of(ctx), &like, ret);
    buffer = mock_va_find(mock_va_of(ctx), ret->buf, MOCK_BUFFER);
    buffer->bytes = g_byte_array_new();
    g_byte_array_set_size(buffer->bytes, (guint)like.size);
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_image(VADriverContextP ctx, VAImageID id)
{
    const struct mock_object *image = mock_va_find(mock_va_of(ctx), id, MOCK_IMAGE);

    if (!image)
        return VA_STATUS_ERROR_INVALID_IMAGE;
    mock_va_drop(ctx, image->image.buf, MOCK_BUFFER, VA_STATUS_SUCCESS);
    return mock_va_drop(ctx, id, MOCK_IMAGE, VA_STATUS_ERROR_INVALID_IMAGE);
}

static VAStatus put_image(VADriverContextP ctx, VASurfaceID surface, VAImageID id,
                          int x G_GNUC_UNUSED, int y G_GNUC_UNUSED, unsigned width G_GNUC_UNUSED,
                          unsigned height G_GNUC_UNUSED, int to_x G_GNUC_UNUSED,
                          int to_y G_GNUC_UNUSED, unsigned to_width G_GNUC_UNUSED,
                          unsigned to_height G_GNUC_UNUSED)
{
    const struct mock_object *s = mock_va_find(mock_va_of(ctx), surface, MOCK_SURFACE);
    const struct mock_object *image = mock_va_find(mock_va_of(ctx), id, MOCK_IMAGE);
    const struct mock_object *buffer =
        image ? mock_va_find(mock_va_of(ctx), image->image.buf, MOCK_BUFFER) : NULL;

    if (!s || !buffer || !buffer->bytes)
        return VA_STATUS_ERROR_INVALID_SURFACE;
    memcpy(s->data, buffer->bytes->data, MIN(s->size, buffer->bytes->len));
    return VA_STATUS_SUCCESS;
}

void mock_va_fill_surfaces(struct VADriverVTable *v)
{
    v->vaCreateSurfaces2 = create_surfaces;
    v->vaDestroySurfaces = destroy_surfaces;
    v->vaSyncSurface = sync_surface;
    v->vaExportSurfaceHandle = export_surface;
    v->vaCreateBuffer = create_buffer;
    v->vaMapBuffer = map_buffer;
    v->vaUnmapBuffer = unmap_buffer;
    v->vaDestroyBuffer = destroy_buffer;
    v->vaSyncBuffer = sync_buffer;
    v->vaQueryImageFormats = query_image_formats;
    v->vaCreateImage = create_image;
    v->vaDeriveImage = derive_image;
    v->vaDestroyImage = destroy_image;
    v->vaPutImage = put_image;
}
