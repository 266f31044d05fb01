/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/nvenc_device.h"

#include <dlfcn.h>
#include <errno.h>
#include <ffnvcodec/nvEncodeAPI.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/ffmpeg.h"
#include "encoder/impls.h"

#define FFNV_LOG_FUNC(logctx, msg, ...) gs_debug("NVIDIA: " msg, __VA_ARGS__)
#define FFNV_DEBUG_LOG_FUNC(logctx, msg, ...)
#include <ffnvcodec/dynlink_loader.h>
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_cuda.h>

/* CUdevice_attribute; the loader's header names few. */
#define ATTRIBUTE_PCI_BUS_ID 33
#define ATTRIBUTE_PCI_DEVICE_ID 34
#define ATTRIBUTE_PCI_DOMAIN_ID 50
/* CUresult */
#define NO_DEVICE 100

static const char *error_name(const struct gs_cuda *cuda, CUresult result)
{
    const char *name = NULL;

    return cuda->fn->cuGetErrorName(result, &name) == CUDA_SUCCESS && name ? name : "unknown error";
}

int gs_cuda_check(const struct gs_cuda *cuda, CUresult result, const char *what)
{
    if (result == CUDA_SUCCESS)
        return 0;
    gs_warn("CUDA: %s: %s", what, error_name(cuda, result));
    return -EIO;
}

int gs_cuda_init(struct gs_cuda *cuda, int *ret_count)
{
    CUresult result;

    if (cuda_load_functions(&cuda->fn, NULL) < 0) {
        gs_encoder_refuse("libcuda.so.1 is too old or incomplete: install a newer NVIDIA driver");
        return -ENOENT;
    }
    result = cuda->fn->cuInit(0);
    if (result == CUDA_SUCCESS)
        result = cuda->fn->cuDeviceGetCount(ret_count);
    if (result == NO_DEVICE || (result == CUDA_SUCCESS && *ret_count < 1)) {
        gs_encoder_refuse("the NVIDIA driver finds no GPU");
        return -ENODEV;
    }
    if (result != CUDA_SUCCESS) {
        gs_encoder_refuse("CUDA does not start: %s", error_name(cuda, result));
        return -EIO;
    }
    return 0;
}

bool gs_cuda_is_node(const struct gs_cuda *cuda, int index, const char *render_node)
{
    const char *base = strrchr(render_node, '/');
    char link[PATH_MAX], path[PATH_MAX], name[64];
    int domain = 0, bus = 0, device = 0;
    CUdevice dev;

    if (!base || cuda->fn->cuDeviceGet(&dev, index) != CUDA_SUCCESS ||
        cuda->fn->cuDeviceGetAttribute(&domain, ATTRIBUTE_PCI_DOMAIN_ID, dev) != CUDA_SUCCESS ||
        cuda->fn->cuDeviceGetAttribute(&bus, ATTRIBUTE_PCI_BUS_ID, dev) != CUDA_SUCCESS ||
        cuda->fn->cuDeviceGetAttribute(&device, ATTRIBUTE_PCI_DEVICE_ID, dev) != CUDA_SUCCESS)
        return false;
    snprintf(link, sizeof(link), "/sys/class/drm%s/device", base);
    snprintf(name, sizeof(name), "/%04x:%02x:%02x.0", (unsigned)domain, (unsigned)bus,
             (unsigned)device);
    return realpath(link, path) && strlen(path) >= strlen(name) &&
           strcmp(path + strlen(path) - strlen(name), name) == 0;
}

int gs_cuda_open(struct gs_cuda *cuda, int index)
{
    char number[16];
    CUdevice device;
    int err;

    snprintf(cuda->name, sizeof(cuda->name), "GPU %d", index);
    if (cuda->fn->cuDeviceGet(&device, index) == CUDA_SUCCESS)
        cuda->fn->cuDeviceGetName(cuda->name, sizeof(cuda->name), device);
    snprintf(number, sizeof(number), "%d", index);
    err = av_hwdevice_ctx_create(&cuda->device, AV_HWDEVICE_TYPE_CUDA, number, NULL, 0);
    if (err < 0) {
        gs_encoder_refuse("%s gives no CUDA context: %s", cuda->name, av_err2str(err));
        return gs_ffmpeg_errno(err);
    }
    cuda->context =
        ((AVCUDADeviceContext *)((AVHWDeviceContext *)cuda->device->data)->hwctx)->cuda_ctx;
    return 0;
}

void gs_cuda_shut(struct gs_cuda *cuda)
{
    av_buffer_unref(&cuda->device);
    cuda->context = NULL;
}

void gs_cuda_finish(struct gs_cuda *cuda)
{
    gs_cuda_shut(cuda);
    cuda_free_functions(&cuda->fn);
}

/* ---- why not ---- */

struct inquiry {
    const struct gs_cuda *cuda;
    const struct gs_encoder_params *params;
    NV_ENCODE_API_FUNCTION_LIST api;
    void *session;
};

static int refuse_no_nvenc(const struct inquiry *q)
{
    gs_encoder_refuse("%s has no NVENC encoder for H.264 (A100, H100 and H200 have none)",
                      q->cuda->name);
    return -ENOTSUP;
}

static int capability(struct inquiry *q, NV_ENC_CAPS which)
{
    NV_ENC_CAPS_PARAM param = {.version = NV_ENC_CAPS_PARAM_VER, .capsToQuery = which};
    int value = 0;

    if (q->api.nvEncGetEncodeCaps(q->session, NV_ENC_CODEC_H264_GUID, &param, &value) !=
        NV_ENC_SUCCESS)
        return 0;
    return value;
}

static bool encodes_h264(struct inquiry *q)
{
    GUID guids[32];
    uint32_t n = 0;

    if (q->api.nvEncGetEncodeGUIDs(q->session, guids, GS_ARRAY_SIZE(guids), &n) != NV_ENC_SUCCESS)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (memcmp(&guids[i], &NV_ENC_CODEC_H264_GUID, sizeof(GUID)) == 0)
            return true;
    return false;
}

/* 0: nothing is wrong that can be asked for. */
static int ask_session(struct inquiry *q)
{
    uint32_t n = 0;
    int width, height;

    /* The count first: on a GPU without NVENC the list has no room to be asked for. */
    if (q->api.nvEncGetEncodeGUIDCount(q->session, &n) != NV_ENC_SUCCESS || !n || !encodes_h264(q))
        return refuse_no_nvenc(q);
    width = capability(q, NV_ENC_CAPS_WIDTH_MAX);
    height = capability(q, NV_ENC_CAPS_HEIGHT_MAX);
    if ((uint32_t)width >= q->params->width && (uint32_t)height >= q->params->height)
        return 0;
    gs_encoder_refuse("NVENC of %s encodes up to %dx%d", q->cuda->name, width, height);
    return -ENOTSUP;
}

static int open_session(struct inquiry *q)
{
    NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS params = {
        .version = NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS_VER,
        .deviceType = NV_ENC_DEVICE_TYPE_CUDA,
        .device = q->cuda->context,
        .apiVersion = NVENCAPI_VERSION,
    };

    switch (q->api.nvEncOpenEncodeSessionEx(&params, &q->session)) {
    case NV_ENC_SUCCESS:
        return 0;
    case NV_ENC_ERR_OUT_OF_MEMORY: /* what NVENC says where its limit is reached */
        gs_encoder_refuse("NVENC of %s is full: its limit of sessions is reached, or its memory",
                          q->cuda->name);
        return -EBUSY;
    case NV_ENC_ERR_NO_ENCODE_DEVICE:
    case NV_ENC_ERR_UNSUPPORTED_DEVICE:
        return refuse_no_nvenc(q);
    default:
        gs_encoder_refuse("NVENC of %s opens no session", q->cuda->name);
        return -EIO;
    }
}

static int load_api(struct inquiry *q, NvencFunctions *nvenc)
{
    uint32_t version = 0;

    if (nvenc->NvEncodeAPIGetMaxSupportedVersion(&version) != NV_ENC_SUCCESS ||
        version < (NVENCAPI_MAJOR_VERSION << 4 | NVENCAPI_MINOR_VERSION)) {
        gs_encoder_refuse("the NVIDIA driver is too old: it has NVENC %u.%u, and %d.%d is needed "
                          "(driver 470.57 or newer)",
                          version >> 4, version & 15, NVENCAPI_MAJOR_VERSION,
                          NVENCAPI_MINOR_VERSION);
        return -ENOTSUP;
    }
    q->api.version = NV_ENCODE_API_FUNCTION_LIST_VER;
    if (nvenc->NvEncodeAPICreateInstance(&q->api) == NV_ENC_SUCCESS)
        return 0;
    gs_encoder_refuse("NVENC does not start");
    return -EIO;
}

static int inquire(struct inquiry *q, NvencFunctions *nvenc)
{
    CUcontext popped;
    int err = load_api(q, nvenc);

    if (err)
        return err;
    if (q->cuda->fn->cuCtxPushCurrent(q->cuda->context) != CUDA_SUCCESS)
        return -EIO;
    err = open_session(q);
    if (!err)
        err = ask_session(q);
    /* A session that was refused must be destroyed too (NVENC's programming guide). */
    if (q->session)
        q->api.nvEncDestroyEncoder(q->session);
    q->cuda->fn->cuCtxPopCurrent(&popped);
    return err;
}

int gs_nvenc_explain(const struct gs_cuda *cuda, const struct gs_encoder_params *p, int err)
{
    struct inquiry q = {.cuda = cuda, .params = p};
    NvencFunctions *nvenc = NULL;
    int reason;

    if (nvenc_load_functions(&nvenc, NULL) < 0) {
        gs_encoder_refuse("the NVIDIA driver's libnvidia-encode.so.1 is missing: install it "
                          "(Debian: libnvidia-encode1)");
        return -ENOENT;
    }
    gs_encoder_refuse("h264_nvenc does not open on %s: %s", cuda->name, strerror(-err));
    reason = inquire(&q, nvenc);
    nvenc_free_functions(&nvenc);
    return reason ? reason : err;
}
