/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <EGL/egl.h>
#include <GLES3/gl31.h>
#include <ffnvcodec/dynlink_cuda.h>
#include <stdlib.h>

#include "tests/support/mock/mock_nvidia.h"

/* CUresult; the loader's header names few. */
#define NOT_INITIALIZED ((CUresult)3)
#define NO_DEVICE ((CUresult)100)
#define INVALID_DEVICE ((CUresult)101)
#define INVALID_VALUE ((CUresult)1)
#define INVALID_CONTEXT ((CUresult)201)
#define NOT_MAPPED ((CUresult)211)
#define INVALID_GRAPHICS_CONTEXT ((CUresult)219)
#define OPERATING_SYSTEM ((CUresult)304)
#define DRIVER_MISMATCH ((CUresult)803)

#define MAX_CONTEXTS 8

struct context {
    int registered; /* textures */
};

/* The contexts of this thread: most calls want one, as those of the real library do. */
static _Thread_local CUcontext stack[MAX_CONTEXTS];
static _Thread_local unsigned depth;
static bool started;

static bool has_context(void)
{
    return depth > 0;
}

MOCK_EXPORT tcuInit cuInit;
MOCK_EXPORT tcuDeviceGetCount cuDeviceGetCount;
MOCK_EXPORT tcuDeviceGet cuDeviceGet;
MOCK_EXPORT tcuDeviceGetAttribute cuDeviceGetAttribute;
MOCK_EXPORT tcuDeviceGetName cuDeviceGetName;
MOCK_EXPORT tcuDeviceComputeCapability cuDeviceComputeCapability;
MOCK_EXPORT tcuCtxCreate_v2 cuCtxCreate_v2;
MOCK_EXPORT tcuCtxPushCurrent_v2 cuCtxPushCurrent_v2;
MOCK_EXPORT tcuCtxPopCurrent_v2 cuCtxPopCurrent_v2;
MOCK_EXPORT tcuCtxDestroy_v2 cuCtxDestroy_v2;
MOCK_EXPORT tcuMemAlloc_v2 cuMemAlloc_v2;
MOCK_EXPORT tcuMemFree_v2 cuMemFree_v2;
MOCK_EXPORT tcuMemcpy2D_v2 cuMemcpy2D_v2;
MOCK_EXPORT tcuMemcpy2DAsync_v2 cuMemcpy2DAsync_v2;
MOCK_EXPORT tcuGetErrorName cuGetErrorName;
MOCK_EXPORT tcuGetErrorString cuGetErrorString;
MOCK_EXPORT tcuStreamSynchronize cuStreamSynchronize;
MOCK_EXPORT tcuGraphicsGLRegisterImage cuGraphicsGLRegisterImage;
MOCK_EXPORT tcuGraphicsUnregisterResource cuGraphicsUnregisterResource;
MOCK_EXPORT tcuGraphicsMapResources cuGraphicsMapResources;
MOCK_EXPORT tcuGraphicsUnmapResources cuGraphicsUnmapResources;
MOCK_EXPORT tcuGraphicsSubResourceGetMappedArray cuGraphicsSubResourceGetMappedArray;

CUresult cuInit(unsigned flags G_GNUC_UNUSED)
{
    if (mock_nvidia_has("nodevice"))
        return NO_DEVICE;
    if (mock_nvidia_has("mismatch"))
        return DRIVER_MISMATCH;
    started = true;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count)
{
    *count = 1;
    return started ? CUDA_SUCCESS : NOT_INITIALIZED;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    *device = ordinal;
    return ordinal == 0 ? CUDA_SUCCESS : INVALID_DEVICE;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice device G_GNUC_UNUSED)
{
    *value = (int)attribute == 14 ? 512 : 0; /* the alignment of textures */
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device G_GNUC_UNUSED)
{
    g_strlcpy(name, "Mock GPU", (gsize)length);
    return CUDA_SUCCESS;
}

CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice device G_GNUC_UNUSED)
{
    *major = 7;
    *minor = 5;
    return CUDA_SUCCESS;
}

CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags G_GNUC_UNUSED,
                        CUdevice device G_GNUC_UNUSED)
{
    *context = (CUcontext)g_new0(struct context, 1);
    return cuCtxPushCurrent_v2(*context);
}

CUresult cuCtxPushCurrent_v2(CUcontext context)
{
    if (!context || depth == MAX_CONTEXTS)
        return INVALID_VALUE;
    stack[depth++] = context;
    return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
    if (!has_context())
        return INVALID_CONTEXT;
    *context = stack[--depth];
    return CUDA_SUCCESS;
}

CUresult cuCtxDestroy_v2(CUcontext context)
{
    struct context *c = (struct context *)context;

    if (c->registered)
        g_error("mock CUDA: %d textures were not given back", c->registered);
    g_free(c);
    return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t size)
{
    if (!has_context())
        return INVALID_CONTEXT;
    *pointer = (CUdeviceptr)(uintptr_t)malloc(size);
    return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr pointer)
{
    free((void *)(uintptr_t)pointer);
    return has_context() ? CUDA_SUCCESS : INVALID_CONTEXT;
}

CUresult cuGetErrorName(CUresult error, const char **name)
{
    *name =
        error == DRIVER_MISMATCH ? "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH" : "CUDA_ERROR_OF_THE_MOCK";
    return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text)
{
    return cuGetErrorName(error, text);
}

CUresult cuStreamSynchronize(CUstream stream G_GNUC_UNUSED)
{
    return has_context() ? CUDA_SUCCESS : INVALID_CONTEXT;
}

/* ---- copies ---- */

/* What a CUarray points to: a texture's pixels while it is mapped. */
struct array {
    uint8_t *pixels;
    size_t pitch, rows;
};

static const uint8_t *source(const CUDA_MEMCPY2D *c, size_t *ret_pitch)
{
    const struct array *array = (const struct array *)c->srcArray;

    *ret_pitch = c->srcPitch;
    if (c->srcMemoryType == CU_MEMORYTYPE_HOST)
        return c->srcHost;
    if (c->srcMemoryType == CU_MEMORYTYPE_DEVICE)
        return (const uint8_t *)(uintptr_t)c->srcDevice;
    if (c->WidthInBytes > array->pitch || c->Height > array->rows)
        return NULL;
    *ret_pitch = array->pitch;
    return array->pixels;
}

static uint8_t *target(const CUDA_MEMCPY2D *c)
{
    if (c->dstMemoryType == CU_MEMORYTYPE_HOST)
        return c->dstHost;
    return c->dstMemoryType == CU_MEMORYTYPE_DEVICE ? (uint8_t *)(uintptr_t)c->dstDevice : NULL;
}

CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D *c)
{
    size_t pitch;
    const uint8_t *from = source(c, &pitch);
    uint8_t *to = target(c);

    if (!has_context())
        return INVALID_CONTEXT;
    if (!from || !to)
        return INVALID_VALUE;
    for (size_t row = 0; row < c->Height; row++)
        memcpy(to + (c->dstY + row) * c->dstPitch + c->dstXInBytes,
               from + (c->srcY + row) * pitch + c->srcXInBytes, c->WidthInBytes);
    return CUDA_SUCCESS;
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *c, CUstream stream G_GNUC_UNUSED)
{
    return cuMemcpy2D_v2(c);
}

/* ---- GL textures ---- */

struct resource {
    struct context *context;
    GLuint texture;
    GLint width, height;
    GLenum format;
    unsigned bytes;
    struct array array; /* while mapped */
};

CUresult cuGraphicsGLRegisterImage(CUgraphicsResource *ret, GLuint texture, GLenum kind,
                                   unsigned flags G_GNUC_UNUSED)
{
    struct resource *r;
    GLint internal = 0;

    if (mock_nvidia_has("nogl"))
        return OPERATING_SYSTEM;
    if (!has_context())
        return INVALID_CONTEXT;
    if (eglGetCurrentContext() == EGL_NO_CONTEXT)
        return INVALID_GRAPHICS_CONTEXT;
    if (kind != GL_TEXTURE_2D || !glIsTexture(texture))
        return INVALID_VALUE;
    r = g_new0(struct resource, 1);
    r->texture = texture;
    glBindTexture(GL_TEXTURE_2D, texture);
    glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &r->width);
    glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_HEIGHT, &r->height);
    glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_INTERNAL_FORMAT, &internal);
    r->format = internal == GL_R8 ? GL_RED : GL_RG;
    r->bytes = internal == GL_R8 ? 1 : 2;
    if (internal != GL_R8 && internal != GL_RG8) {
        g_free(r);
        return INVALID_VALUE;
    }
    *ret = (CUgraphicsResource)r;
    r->context = (struct context *)stack[depth - 1];
    r->context->registered++;
    return CUDA_SUCCESS;
}

static void unmap(struct resource *r)
{
    g_free(r->array.pixels);
    r->array = (struct array){0};
}

CUresult cuGraphicsUnregisterResource(CUgraphicsResource resource)
{
    struct resource *r = (struct resource *)resource;

    if (!has_context() || eglGetCurrentContext() == EGL_NO_CONTEXT || !glIsTexture(r->texture))
        g_error("mock CUDA: texture %u is gone before it was given back", r->texture);
    r->context->registered--;
    unmap(r);
    g_free(r);
    return CUDA_SUCCESS;
}

static void map(struct resource *r)
{
    GLint framebuffer = 0;
    GLuint own;

    r->array.pitch = (size_t)r->width * r->bytes;
    r->array.rows = (size_t)r->height;
    r->array.pixels = g_malloc(r->array.pitch * r->array.rows);
    glGetIntegerv(GL_FRAMEBUFFER_BINDING, &framebuffer);
    glGenFramebuffers(1, &own);
    glBindFramebuffer(GL_FRAMEBUFFER, own);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, r->texture, 0);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glPixelStorei(GL_PACK_ROW_LENGTH, 0);
    glReadPixels(0, 0, r->width, r->height, r->format, GL_UNSIGNED_BYTE, r->array.pixels);
    glBindFramebuffer(GL_FRAMEBUFFER, (GLuint)framebuffer);
    glDeleteFramebuffers(1, &own);
}

CUresult cuGraphicsMapResources(unsigned count, CUgraphicsResource *resources,
                                CUstream stream G_GNUC_UNUSED)
{
    if (!has_context() || eglGetCurrentContext() == EGL_NO_CONTEXT)
        return INVALID_CONTEXT;
    for (unsigned i = 0; i < count; i++)
        map((struct resource *)resources[i]);
    return CUDA_SUCCESS;
}

CUresult cuGraphicsUnmapResources(unsigned count, CUgraphicsResource *resources,
                                  CUstream stream G_GNUC_UNUSED)
{
    for (unsigned i = 0; i < count; i++)
        unmap((struct resource *)resources[i]);
    return CUDA_SUCCESS;
}

CUresult cuGraphicsSubResourceGetMappedArray(CUarray *array, CUgraphicsResource resource,
                                             unsigned index, unsigned level)
{
    struct resource *r = (struct resource *)resource;

    if (index || level || !r->array.pixels)
        return NOT_MAPPED;
    *array = (CUarray)&r->array;
    return CUDA_SUCCESS;
}

/* ---- what the loader only wants to be there ---- */

MOCK_EXPORT CUresult mock_absent(void);

CUresult mock_absent(void)
{
    return 801; /* not supported */
}

#define ABSENT(name) MOCK_EXPORT CUresult name(void) __attribute__((alias("mock_absent")))

ABSENT(cuCtxSetLimit);
ABSENT(cuMemAllocPitch_v2);
ABSENT(cuMemAllocManaged);
ABSENT(cuMemsetD8Async);
ABSENT(cuMemcpy);
ABSENT(cuMemcpyAsync);
ABSENT(cuMemcpyHtoD_v2);
ABSENT(cuMemcpyHtoDAsync_v2);
ABSENT(cuMemcpyDtoH_v2);
ABSENT(cuMemcpyDtoHAsync_v2);
ABSENT(cuMemcpyDtoD_v2);
ABSENT(cuMemcpyDtoDAsync_v2);
ABSENT(cuCtxGetDevice);
ABSENT(cuDevicePrimaryCtxRetain);
ABSENT(cuDevicePrimaryCtxRelease);
ABSENT(cuDevicePrimaryCtxSetFlags);
ABSENT(cuDevicePrimaryCtxGetState);
ABSENT(cuDevicePrimaryCtxReset);
ABSENT(cuStreamCreate);
ABSENT(cuStreamQuery);
ABSENT(cuStreamDestroy_v2);
ABSENT(cuStreamAddCallback);
ABSENT(cuEventCreate);
ABSENT(cuEventDestroy_v2);
ABSENT(cuEventSynchronize);
ABSENT(cuEventQuery);
ABSENT(cuEventRecord);
ABSENT(cuLaunchKernel);
ABSENT(cuLinkCreate);
ABSENT(cuLinkAddData);
ABSENT(cuLinkComplete);
ABSENT(cuLinkDestroy);
ABSENT(cuModuleLoadData);
ABSENT(cuModuleUnload);
ABSENT(cuModuleGetFunction);
ABSENT(cuModuleGetGlobal);
ABSENT(cuTexObjectCreate);
ABSENT(cuTexObjectDestroy);
ABSENT(cuGLGetDevices_v2);
ABSENT(cuGraphicsResourceGetMappedPointer_v2);
ABSENT(cuArray3DCreate_v2);
ABSENT(cuArrayDestroy);
