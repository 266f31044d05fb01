/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <ffnvcodec/nvEncodeAPI.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/file.h>
#include <unistd.h>
#include <x264.h>

#include "tests/support/mock/mock_nvidia.h"

struct session {
    x264_t *x264;
    x264_param_t param;
    bool idr_next;
    int slot; /* locked file; -1: the machine has no limit */
};

struct resource {
    const uint8_t *pixels;
    uint32_t width, height, pitch;
    bool mapped;
};

struct bitstream {
    GByteArray *bytes;
    uint64_t timestamp;
    bool idr, locked;
};

static atomic_int sessions;

/* A file that no other session has locked. The kernel unlocks those of processes that die. */
static int lock_one(GDir *dir, const char *path)
{
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        int fd = open(file, O_RDONLY | O_CLOEXEC);

        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

/* False: the machine's sessions are all taken. */
static bool take_slot(int *ret)
{
    const char *path = g_getenv("GS_MOCK_NVENC_SLOTS");
    GDir *dir = path ? g_dir_open(path, 0, NULL) : NULL;

    *ret = dir ? lock_one(dir, path) : -1;
    if (dir)
        g_dir_close(dir);
    return !path || *ret >= 0;
}

static NVENCSTATUS open_session(NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS *p, void **ret)
{
    struct session *s;
    int slot;

    *ret = NULL;
    if (p->version != NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS_VER || p->apiVersion != NVENCAPI_VERSION)
        return NV_ENC_ERR_INVALID_VERSION;
    if (p->deviceType != NV_ENC_DEVICE_TYPE_CUDA || !p->device)
        return NV_ENC_ERR_INVALID_DEVICE;
    if (mock_nvidia_has("unsupported"))
        return NV_ENC_ERR_UNSUPPORTED_DEVICE;
    if (mock_nvidia_has("full") || (mock_nvidia_has("one") && sessions > 0))
        return NV_ENC_ERR_OUT_OF_MEMORY;
    if (!take_slot(&slot))
        return NV_ENC_ERR_OUT_OF_MEMORY;
    sessions++;
    s = g_new0(struct session, 1);
    s->slot = slot;
    *ret = s;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS destroy_encoder(void *encoder)
{
    struct session *s = encoder;

    if (s->x264)
        x264_encoder_close(s->x264);
    if (s->slot >= 0)
        close(s->slot);
    g_free(s);
    sessions--;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS guid_count(void *encoder G_GNUC_UNUSED, uint32_t *ret)
{
    *ret = !mock_nvidia_has("noguids");
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS guids(void *encoder, GUID *list, uint32_t room, uint32_t *ret)
{
    guid_count(encoder, ret);
    if (*ret && room)
        list[0] = NV_ENC_CODEC_H264_GUID;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS caps(void *encoder G_GNUC_UNUSED, GUID codec G_GNUC_UNUSED,
                        NV_ENC_CAPS_PARAM *param, int *ret)
{
    switch (param->capsToQuery) {
    case NV_ENC_CAPS_WIDTH_MAX:
    case NV_ENC_CAPS_HEIGHT_MAX:
        *ret = mock_nvidia_has("small") ? 256 : 4096;
        break;
    case NV_ENC_CAPS_SUPPORT_CABAC:
    case NV_ENC_CAPS_SUPPORT_DYN_BITRATE_CHANGE:
        *ret = 1;
        break;
    default:
        *ret = 0;
    }
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS preset_config(void *encoder G_GNUC_UNUSED, GUID codec G_GNUC_UNUSED,
                                 GUID preset G_GNUC_UNUSED, NV_ENC_TUNING_INFO tuning,
                                 NV_ENC_PRESET_CONFIG *ret)
{
    if (tuning != NV_ENC_TUNING_INFO_ULTRA_LOW_LATENCY)
        return NV_ENC_ERR_UNSUPPORTED_PARAM;
    ret->presetCfg.gopLength = NVENC_INFINITE_GOPLENGTH;
    ret->presetCfg.frameIntervalP = 1;
    ret->presetCfg.rcParams.rateControlMode = NV_ENC_PARAMS_RC_CBR;
    ret->presetCfg.rcParams.averageBitRate = 3000000;
    ret->presetCfg.encodeCodecConfig.h264Config.h264VUIParameters.videoFormat = 5;
    return NV_ENC_SUCCESS;
}

static void set_rate(x264_param_t *p, const NV_ENC_RC_PARAMS *rc)
{
    uint32_t buffer = rc->vbvBufferSize ? rc->vbvBufferSize : rc->maxBitRate;

    p->rc.f_ip_factor = 1;
    if (rc->rateControlMode == NV_ENC_PARAMS_RC_CONSTQP) {
        p->rc.i_rc_method = X264_RC_CQP;
        p->rc.i_qp_constant = (int)rc->constQP.qpInterP;
        return;
    }
    p->rc.i_rc_method = X264_RC_CRF;
    p->rc.f_rf_constant = rc->targetQuality ? rc->targetQuality : 23;
    p->rc.i_vbv_max_bitrate = (int)(rc->maxBitRate / 1000);
    p->rc.i_vbv_buffer_size = MAX((int)(buffer / 1000), 1);
}

static void set_vui(x264_param_t *p, const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui)
{
    if (!vui->colourDescriptionPresentFlag)
        return;
    p->vui.i_colorprim = (int)vui->colourPrimaries;
    p->vui.i_transfer = (int)vui->transferCharacteristics;
    p->vui.i_colmatrix = (int)vui->colourMatrix;
    p->vui.b_fullrange = (int)vui->videoFullRangeFlag;
}

static NVENCSTATUS initialize(void *encoder, NV_ENC_INITIALIZE_PARAMS *init)
{
    struct session *s = encoder;
    const NV_ENC_CONFIG *config = init->encodeConfig;
    const NV_ENC_CONFIG_H264 *h264 = &config->encodeCodecConfig.h264Config;
    x264_param_t *p = &s->param;

    if (init->version != NV_ENC_INITIALIZE_PARAMS_VER || config->version != NV_ENC_CONFIG_VER)
        return NV_ENC_ERR_INVALID_VERSION;
    if (config->frameIntervalP != 1 || !h264->repeatSPSPPS || h264->enableIntraRefresh)
        return NV_ENC_ERR_UNSUPPORTED_PARAM;
    x264_param_default_preset(p, "ultrafast", "zerolatency");
    p->i_width = (int)init->encodeWidth;
    p->i_height = (int)init->encodeHeight;
    p->i_fps_num = init->frameRateNum;
    p->i_fps_den = init->frameRateDen;
    p->i_csp = X264_CSP_NV12;
    p->i_level_idc = h264->level ? (int)h264->level : -1;
    p->i_threads = 1;
    p->i_slice_count = (int)h264->sliceModeData;
    p->i_scenecut_threshold = 0;
    p->i_keyint_max = (int)MIN(config->gopLength, X264_KEYINT_MAX_INFINITE);
    p->i_log_level = X264_LOG_ERROR;
    p->b_repeat_headers = p->b_annexb = 1;
    p->b_aud = (int)h264->outputAUD;
    set_rate(p, &config->rcParams);
    set_vui(p, &h264->h264VUIParameters);
    s->x264 = x264_encoder_open(p);
    return s->x264 ? NV_ENC_SUCCESS : NV_ENC_ERR_INVALID_PARAM;
}

static NVENCSTATUS reconfigure(void *encoder, NV_ENC_RECONFIGURE_PARAMS *r)
{
    struct session *s = encoder;

    if (r->version != NV_ENC_RECONFIGURE_PARAMS_VER)
        return NV_ENC_ERR_INVALID_VERSION;
    s->idr_next |= r->forceIDR;
    if (!r->reInitEncodeParams.encodeConfig)
        return NV_ENC_SUCCESS;
    set_rate(&s->param, &r->reInitEncodeParams.encodeConfig->rcParams);
    return x264_encoder_reconfig(s->x264, &s->param) < 0 ? NV_ENC_ERR_INVALID_PARAM
                                                         : NV_ENC_SUCCESS;
}

static NVENCSTATUS set_streams(void *encoder G_GNUC_UNUSED, NV_ENC_CUSTREAM_PTR in G_GNUC_UNUSED,
                               NV_ENC_CUSTREAM_PTR out G_GNUC_UNUSED)
{
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS create_bitstream(void *encoder G_GNUC_UNUSED, NV_ENC_CREATE_BITSTREAM_BUFFER *p)
{
    struct bitstream *b = g_new0(struct bitstream, 1);

    b->bytes = g_byte_array_new();
    p->bitstreamBuffer = b;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS destroy_bitstream(void *encoder G_GNUC_UNUSED, NV_ENC_OUTPUT_PTR buffer)
{
    struct bitstream *b = buffer;

    g_byte_array_unref(b->bytes);
    g_free(b);
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS register_resource(void *encoder G_GNUC_UNUSED, NV_ENC_REGISTER_RESOURCE *p)
{
    struct resource *r = g_new0(struct resource, 1);

    if (p->version != NV_ENC_REGISTER_RESOURCE_VER ||
        p->resourceType != NV_ENC_INPUT_RESOURCE_TYPE_CUDADEVICEPTR ||
        p->bufferFormat != NV_ENC_BUFFER_FORMAT_NV12) {
        g_free(r);
        return NV_ENC_ERR_INVALID_PARAM;
    }
    *r = (struct resource){p->resourceToRegister, p->width, p->height, p->pitch, false};
    p->registeredResource = r;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS unregister_resource(void *encoder G_GNUC_UNUSED, NV_ENC_REGISTERED_PTR resource)
{
    g_free(resource);
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS map_resource(void *encoder G_GNUC_UNUSED, NV_ENC_MAP_INPUT_RESOURCE *p)
{
    struct resource *r = p->registeredResource;

    if (r->mapped)
        return NV_ENC_ERR_MAP_FAILED;
    r->mapped = true;
    p->mappedResource = r;
    p->mappedBufferFmt = NV_ENC_BUFFER_FORMAT_NV12;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS unmap_resource(void *encoder G_GNUC_UNUSED, NV_ENC_INPUT_PTR input)
{
    ((struct resource *)input)->mapped = false;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS encode(void *encoder, NV_ENC_PIC_PARAMS *p)
{
    struct session *s = encoder;
    const struct resource *r = p->inputBuffer;
    struct bitstream *b = p->outputBitstream;
    x264_picture_t in, out;
    x264_nal_t *nals;
    int n = 0, size;

    if (p->version != NV_ENC_PIC_PARAMS_VER)
        return NV_ENC_ERR_INVALID_VERSION;
    if (p->encodePicFlags & NV_ENC_PIC_FLAG_EOS)
        return NV_ENC_SUCCESS;
    if (!r->mapped || (int)r->width != s->param.i_width)
        return NV_ENC_ERR_RESOURCE_NOT_MAPPED;
    x264_picture_init(&in);
    in.img.i_csp = X264_CSP_NV12;
    in.img.i_plane = 2;
    in.img.i_stride[0] = in.img.i_stride[1] = (int)r->pitch;
    in.img.plane[0] = (uint8_t *)(uintptr_t)r->pixels;
    in.img.plane[1] = in.img.plane[0] + (size_t)r->pitch * r->height;
    in.i_pts = (int64_t)p->inputTimeStamp;
    if (s->idr_next || p->encodePicFlags & NV_ENC_PIC_FLAG_FORCEIDR)
        in.i_type = X264_TYPE_IDR;
    s->idr_next = false;
    size = x264_encoder_encode(s->x264, &nals, &n, &in, &out);
    if (size <= 0)
        return NV_ENC_ERR_ENCODER_BUSY;
    g_byte_array_set_size(b->bytes, 0);
    g_byte_array_append(b->bytes, nals[0].p_payload, (guint)size);
    b->timestamp = p->inputTimeStamp;
    b->idr = out.b_keyframe;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS lock_bitstream(void *encoder G_GNUC_UNUSED, NV_ENC_LOCK_BITSTREAM *p)
{
    struct bitstream *b = p->outputBitstream;

    if (b->locked)
        return NV_ENC_ERR_LOCK_BUSY;
    b->locked = true;
    p->bitstreamBufferPtr = b->bytes->data;
    p->bitstreamSizeInBytes = b->bytes->len;
    p->outputTimeStamp = b->timestamp;
    p->pictureType = b->idr ? NV_ENC_PIC_TYPE_IDR : NV_ENC_PIC_TYPE_P;
    return NV_ENC_SUCCESS;
}

static NVENCSTATUS unlock_bitstream(void *encoder G_GNUC_UNUSED, NV_ENC_OUTPUT_PTR buffer)
{
    ((struct bitstream *)buffer)->locked = false;
    return NV_ENC_SUCCESS;
}

static const char *last_error(void *encoder G_GNUC_UNUSED)
{
    return "the mock's last word";
}

MOCK_EXPORT NVENCSTATUS NvEncodeAPIGetMaxSupportedVersion(uint32_t *version);
MOCK_EXPORT NVENCSTATUS NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST *list);

NVENCSTATUS NvEncodeAPIGetMaxSupportedVersion(uint32_t *version)
{
    *version = mock_nvidia_has("old") ? 8 << 4 : NVENCAPI_MAJOR_VERSION << 4 | 15;
    return NV_ENC_SUCCESS;
}

NVENCSTATUS NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST *list)
{
    if (list->version != NV_ENCODE_API_FUNCTION_LIST_VER)
        return NV_ENC_ERR_INVALID_VERSION;
    list->nvEncOpenEncodeSessionEx = open_session;
    list->nvEncDestroyEncoder = destroy_encoder;
    list->nvEncGetEncodeGUIDCount = guid_count;
    list->nvEncGetEncodeGUIDs = guids;
    list->nvEncGetEncodeCaps = caps;
    list->nvEncGetEncodePresetConfigEx = preset_config;
    list->nvEncInitializeEncoder = initialize;
    list->nvEncReconfigureEncoder = reconfigure;
    list->nvEncSetIOCudaStreams = set_streams;
    list->nvEncCreateBitstreamBuffer = create_bitstream;
    list->nvEncDestroyBitstreamBuffer = destroy_bitstream;
    list->nvEncRegisterResource = register_resource;
    list->nvEncUnregisterResource = unregister_resource;
    list->nvEncMapInputResource = map_resource;
    list->nvEncUnmapInputResource = unmap_resource;
    list->nvEncEncodePicture = encode;
    list->nvEncLockBitstream = lock_bitstream;
    list->nvEncUnlockBitstream = unlock_bitstream;
    list->nvEncGetLastErrorString = last_error;
    return NV_ENC_SUCCESS;
}
