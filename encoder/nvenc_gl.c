/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GL textures into NVENC's picture, by CUDA's interoperation with GL: one copy on the GPU. Mapping
 * waits for what GL was told before, so that no fence is needed. */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "encoder/nvenc.h"

#include <ffnvcodec/nvEncodeAPI.h>

#define FFNV_LOG_FUNC(logctx, msg, ...)
#define FFNV_DEBUG_LOG_FUNC(logctx, msg, ...)
#include <ffnvcodec/dynlink_loader.h>

#define GL_TEXTURE_2D 0x0DE1

static int register_texture(struct gs_nvenc *enc, uint32_t texture, CUgraphicsResource *ret)
{
    CUresult result = enc->cuda.fn->cuGraphicsGLRegisterImage(ret, texture, GL_TEXTURE_2D,
                                                              CU_GRAPHICS_REGISTER_FLAGS_READ_ONLY);

    if (result == CUDA_SUCCESS)
        return 0;
    *ret = NULL;
    /* Seen where the GL context is on another GPU or in software; not proven for GLES contexts. */
    gs_warn("encoder nvenc: %s takes no textures of this GL context (CUDA error %d)",
            enc->cuda.name, result);
    return -ENOTSUP;
}

static void unregister(struct gs_nvenc *enc)
{
    struct gs_nvenc_textures *t = &enc->textures;

    if (t->luma_resource)
        enc->cuda.fn->cuGraphicsUnregisterResource(t->luma_resource);
    if (t->chroma_resource)
        enc->cuda.fn->cuGraphicsUnregisterResource(t->chroma_resource);
    *t = (struct gs_nvenc_textures){0};
}

static int register_both(struct gs_nvenc *enc, uint32_t luma, uint32_t chroma)
{
    struct gs_nvenc_textures *t = &enc->textures;
    int err;

    if (t->luma_resource && t->luma == luma && t->chroma == chroma)
        return 0;
    unregister(enc);
    err = register_texture(enc, luma, &t->luma_resource);
    if (!err)
        err = register_texture(enc, chroma, &t->chroma_resource);
    if (err) {
        unregister(enc);
        return err;
    }
    t->luma = luma;
    t->chroma = chroma;
    return 0;
}

/* rows of `bytes` bytes */
static int copy_plane(struct gs_nvenc *enc, CUgraphicsResource from, int plane, uint32_t bytes,
                      uint32_t rows)
{
    CUDA_MEMCPY2D copy = {
        .srcMemoryType = CU_MEMORYTYPE_ARRAY,
        .dstMemoryType = CU_MEMORYTYPE_DEVICE,
        .dstDevice = (CUdeviceptr)(uintptr_t)enc->surface->data[plane],
        .dstPitch = (size_t)enc->surface->linesize[plane],
        .WidthInBytes = bytes,
        .Height = rows,
    };
    int err = gs_cuda_check(
        &enc->cuda, enc->cuda.fn->cuGraphicsSubResourceGetMappedArray(&copy.srcArray, from, 0, 0),
        "a texture's pixels");

    return err ? err
               : gs_cuda_check(&enc->cuda, enc->cuda.fn->cuMemcpy2DAsync(&copy, NULL),
                               "copying a texture");
}

static int copy_both(struct gs_nvenc *enc)
{
    uint32_t width = enc->base.params.width, height = enc->base.params.height;
    CUgraphicsResource resources[] = {enc->textures.luma_resource, enc->textures.chroma_resource};
    int err = gs_cuda_check(&enc->cuda, enc->cuda.fn->cuGraphicsMapResources(2, resources, NULL),
                            "mapping textures");
    int unmapped;

    if (err)
        return err;
    err = copy_plane(enc, resources[0], 0, width, height);
    if (!err)
        err = copy_plane(enc, resources[1], 1, width, height / 2);
    unmapped = gs_cuda_check(&enc->cuda, enc->cuda.fn->cuGraphicsUnmapResources(2, resources, NULL),
                             "unmapping");
    /* The encode thread has no order with this stream but this. */
    if (!err && !unmapped)
        err = gs_cuda_check(&enc->cuda, enc->cuda.fn->cuStreamSynchronize(NULL), "copying");
    return err ? err : unmapped;
}

int gs_nvenc_load_textures(struct gs_nvenc *enc, uint32_t luma, uint32_t chroma)
{
    CUcontext popped;
    int err = gs_cuda_check(&enc->cuda, enc->cuda.fn->cuCtxPushCurrent(enc->cuda.context),
                            "taking the context");

    if (err)
        return err;
    if (luma && chroma) {
        err = register_both(enc, luma, chroma);
        if (!err)
            err = copy_both(enc);
    } else {
        unregister(enc);
    }
    enc->cuda.fn->cuCtxPopCurrent(&popped);
    return err;
}

void gs_nvenc_forget_textures(struct gs_nvenc *enc)
{
    if (enc->textures.luma_resource && gs_nvenc_load_textures(enc, 0, 0) < 0)
        gs_warn("encoder nvenc: GL textures stay registered");
}
