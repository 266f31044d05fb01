/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/decode.h"

#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

struct gs_decoder {
    const struct gs_decoder_impl *const *rungs; /* the one in use; the next ones follow */
    bool ladder;                                /* may go down */
    struct gs_codec *codec;                     /* NULL: nothing works */
    bool started;                               /* an IDR was decoded, and everything since */
    const char *_Atomic name;
};

/* The last kind of a registry is for tests. */
static bool has_next(const struct gs_decoder_impl *const *rung)
{
    return rung[0] && rung[1] && strcmp(rung[1]->name, "null") != 0;
}

static void use(struct gs_decoder *dec, struct gs_codec *codec,
                const struct gs_decoder_impl *const *rung)
{
    if (dec->codec)
        dec->codec->impl->close(dec->codec);
    dec->codec = codec;
    dec->rungs = rung;
    atomic_store(&dec->name, rung[0]->name);
}

/* The first below rung that opens, and *rung is it then; NULL: none. */
static struct gs_codec *open_below(const struct gs_decoder_impl *const **rung)
{
    char why[GS_DECODER_WHY];
    struct gs_codec *codec;

    while (has_next(*rung)) {
        ++*rung;
        why[0] = '\0';
        if ((*rung)[0]->open(&codec, why, sizeof(why)) == 0)
            return codec;
        gs_info("decoder %s refused: %s", (*rung)[0]->name, why);
    }
    return NULL;
}

static int open_first(struct gs_decoder *dec, const struct gs_decoder_impl *const *impls)
{
    char why[GS_DECODER_WHY] = "";
    struct gs_codec *codec;
    int err;

    dec->ladder = true;
    err = impls[0]->open(&codec, why, sizeof(why));
    if (err) {
        gs_info("decoder %s refused: %s", impls[0]->name, why);
        codec = open_below(&impls);
    }
    if (!codec) {
        gs_error("no decoder works on this machine");
        return err;
    }
    use(dec, codec, impls);
    return 0;
}

static int open_named(struct gs_decoder *dec, const struct gs_decoder_impl *const *impls,
                      const char *name)
{
    char why[GS_DECODER_WHY] = "";
    struct gs_codec *codec;
    int err;

    while (*impls && strcmp((*impls)->name, name) != 0)
        impls++;
    if (!*impls) {
        gs_error("there is no decoder %s", name);
        return -ENOENT;
    }
    err = (*impls)->open(&codec, why, sizeof(why));
    if (err)
        gs_error("decoder %s was asked for and refused: %s", name, why);
    else
        use(dec, codec, impls);
    return err;
}

int gs_decoder_create_from(const struct gs_decoder_impl *const *impls, const char *name,
                           struct gs_decoder **ret)
{
    struct gs_decoder *dec = g_new0(struct gs_decoder, 1);
    int err = name && name[0] ? open_named(dec, impls, name) : open_first(dec, impls);

    if (err) {
        gs_decoder_destroy(dec);
        return err;
    }
    *ret = dec;
    return 0;
}

int gs_decoder_create(const char *name, struct gs_decoder **ret)
{
    return gs_decoder_create_from(gs_decoder_impls, name, ret);
}

void gs_decoder_destroy(struct gs_decoder *dec)
{
    if (dec && dec->codec)
        dec->codec->impl->close(dec->codec);
    g_free(dec);
}

const char *gs_decoder_name(const struct gs_decoder *dec)
{
    return atomic_load(&dec->name);
}

/* A keyframe that this kind would not have. Whose fault that is shows the next one: when no other
 * can decode it either, the stream is bad, and all stays as it is. */
static int try_below(struct gs_decoder *dec, const struct gs_access_unit *au,
                     struct gs_picture **ret, int err, const char *why)
{
    const struct gs_decoder_impl *const *rung = dec->rungs;
    struct gs_codec *codec;

    while ((codec = open_below(&rung))) {
        char ignored[GS_DECODER_WHY] = "";

        if (codec->impl->decode(codec, au, ret, ignored, sizeof(ignored)) != 0) {
            codec->impl->close(codec);
            continue;
        }
        gs_warn("decoder %s does not work: %s; going on with %s", gs_decoder_name(dec),
                why[0] ? why : g_strerror(-err), rung[0]->name);
        use(dec, codec, rung);
        return 0;
    }
    return err;
}

/* Between keyframes the next kind has nothing to go on from. */
static int leave(struct gs_decoder *dec, int err, const char *why)
{
    const struct gs_decoder_impl *const *rung = dec->rungs;
    struct gs_codec *codec = open_below(&rung);

    if (!codec)
        return err;
    gs_warn("decoder %s failed: %s; going on with %s from the next keyframe", gs_decoder_name(dec),
            why[0] ? why : g_strerror(-err), rung[0]->name);
    use(dec, codec, rung);
    return -EBADMSG;
}

static int decode(struct gs_decoder *dec, const struct gs_access_unit *au, struct gs_picture **ret)
{
    char why[GS_DECODER_WHY] = "";
    int err = dec->codec->impl->decode(dec->codec, au, ret, why, sizeof(why));

    if (!err || !dec->ladder)
        return err;
    if (au->keyframe)
        return try_below(dec, au, ret, err, why);
    return err == -EBADMSG ? err : leave(dec, err, why);
}

int gs_decoder_decode(struct gs_decoder *dec, const struct gs_access_unit *au,
                      struct gs_picture **ret)
{
    uint64_t start = gs_now_ns();
    int err;

    /* A picture whose references are missing would be shown broken, and not as an error. */
    if (!au->keyframe && (!dec->started || au->discontinuity)) {
        dec->started = false;
        return -EBADMSG;
    }
    err = decode(dec, au, ret);
    dec->started = !err;
    if (err)
        return err;
    (*ret)->info.decode_start = start;
    (*ret)->info.decoded = gs_now_ns();
    return 0;
}
