/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others make of our stream: GStreamer plays it, ffmpeg reads its headers, and Wireshark its
 * packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "encoder/h264.h"
#include "tests/integration/media_tap.h"
#include "tests/support/free_port.h"
#include "tests/support/need.h"

#define FRAMES 120

/* What one session left for all tests. */
static struct {
    struct gs_session_run run;
    char *stream, *protected, *plain; /* files */
    char *gst_stream, *gst_pictures;  /* the same by GStreamer, where there is one */
    uint16_t udp_port;
    GByteArray *pictures;
} record;

/* ---- one session ---- */

static char *hex(const uint8_t *data, size_t size)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < size; i++)
        g_string_append_printf(text, "%02x", data[i]);
    return g_string_free(text, FALSE);
}

/* Nothing of ours in it: by what docs/protocol.md says. */
static void start_gstreamer(const struct gs_welcome *w, uint16_t port, struct gs_process *ret)
{
    g_autofree char *key = hex(w->host_key, sizeof(w->host_key));
    g_autofree char *caps = g_strdup_printf(
        "caps=application/x-srtp,media=(string)video,clock-rate=(int)90000,"
        "encoding-name=(string)H264,payload=(int)96,ssrc=(uint)%u,roc=(uint)0,srtp-key=(buffer)%s,"
        "srtp-cipher=(string)aes-128-gcm,srtp-auth=(string)null,"
        "srtcp-cipher=(string)aes-128-gcm,srtcp-auth=(string)null",
        w->ssrc, key);
    g_autofree char *port_arg = g_strdup_printf("port=%u", port);
    g_autofree char *stream = g_strdup_printf("location=%s", record.gst_stream);
    g_autofree char *pictures = g_strdup_printf("location=%s", record.gst_pictures);
    const char *const argv[] = {"gst-launch-1.0",
                                "-e",
                                "udpsrc",
                                "address=127.0.0.1",
                                port_arg,
                                "buffer-size=4194304",
                                caps,
                                "!",
                                "srtpdec",
                                "!",
                                "rtph264depay",
                                "!",
                                "h264parse",
                                "!",
                                "video/x-h264,stream-format=byte-stream,alignment=au",
                                "!",
                                "tee",
                                "name=t",
                                "t.",
                                "!",
                                "queue",
                                "!",
                                "filesink",
                                stream,
                                "t.",
                                "!",
                                "queue",
                                "!",
                                "avdec_h264",
                                "!",
                                "video/x-raw,format=I420",
                                "!",
                                "filesink",
                                pictures,
                                NULL};
    const char *const env[] = {"GST_REGISTRY_FORK=no", "LC_ALL=C", NULL};
    char *line;

    assert_int_equal(gs_process_start(argv, env, ret), 0);
    while ((line = gs_process_read_line(ret, GS_PROCESS_DEADLINE_MS))) {
        bool playing = strstr(line, "PLAYING");

        g_free(line);
        if (playing)
            return;
    }
    line = gs_process_stderr(ret);
    fail_msg("GStreamer does not play:\n%s", line);
}

/* Whether the file has grown to that size; not longer than it takes. */
static bool wait_for_size(const char *path, size_t size)
{
    for (int i = 0; i < GS_PROCESS_DEADLINE_MS / 50; i++) {
        g_autofree char *data = NULL;
        gsize n = 0;

        if (g_file_get_contents(path, &data, &n, NULL) && n >= size)
            return true;
        g_usleep(50000);
    }
    return false;
}

static char *in_dir(const char *name)
{
    return g_build_filename(record.run.dir, name, NULL);
}

static int set_up(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    g_autofree char *gst = g_find_program_in_path("gst-launch-1.0");
    const char *const argv[] = {app, "--mode", "counter", NULL};
    struct gs_process player = {0};
    struct media_tap *tap;
    uint16_t port = free_port(SOCK_DGRAM);

    (void)state;
    assert_int_equal(gs_session_run_start(NULL, argv, &record.run), 0);
    record.stream = in_dir("stream.h264");
    record.protected = in_dir("protected.pcap");
    record.plain = in_dir("plain.pcap");
    record.gst_stream = in_dir("gst.h264");
    record.gst_pictures = in_dir("gst.yuv");
    tap = media_tap_open(&record.run, &(struct media_tap_params){.stream = record.stream,
                                                                 .protected = record.protected,
                                                                 .plain = record.plain});
    assert_non_null(tap);
    record.udp_port = media_tap_welcome(tap)->udp_port;
    if (gst)
        start_gstreamer(media_tap_welcome(tap), port, &player);
    assert_true(media_tap_run(tap, FRAMES, port));
    record.pictures = g_byte_array_new();
    g_byte_array_append(record.pictures, media_tap_pictures(tap)->data,
                        media_tap_pictures(tap)->len);
    assert_true(media_tap_close(tap));
    if (gst) {
        /* The end of the stream flushes the last picture. */
        wait_for_size(record.gst_pictures, record.pictures->len / FRAMES * (FRAMES - 2));
        gs_process_signal(&player, SIGINT);
        assert_int_equal(gs_process_wait(&player, GS_PROCESS_DEADLINE_MS), 0);
        gs_process_finish(&player);
    }
    return 0;
}

static int tear_down(void **state)
{
    int status = gs_session_run_stop(&record.run);

    (void)state;
    g_free(record.stream);
    g_free(record.protected);
    g_free(record.plain);
    g_free(record.gst_stream);
    g_free(record.gst_pictures);
    g_byte_array_unref(record.pictures);
    gs_session_run_finish(&record.run);
    return status;
}

/* ---- GStreamer ---- */

/* The NAL units of a file, each with a four byte start code, without delimiters and SEI, which a
 * parser may add or leave out. */
static GByteArray *nals_of(const char *path)
{
    static const uint8_t start_code[] = {0, 0, 0, 1};
    GByteArray *out = g_byte_array_new();
    g_autofree char *data = NULL;
    struct gs_nal nal;
    size_t pos = 0;
    gsize size;

    assert_true(g_file_get_contents(path, &data, &size, NULL));
    while (gs_h264_next_nal((const uint8_t *)data, size, &pos, &nal)) {
        if (nal.type == GS_NAL_AUD || nal.type == GS_NAL_SEI)
            continue;
        g_byte_array_append(out, start_code, sizeof(start_code));
        g_byte_array_append(out, nal.data, (guint)nal.size);
    }
    return out;
}

static void test_gstreamer_plays(void **state)
{
    g_autoptr(GByteArray) ours = NULL, theirs = NULL;
    g_autofree char *pictures = NULL;
    gsize size;

    (void)state;
    NEED("gst-launch-1.0");
    ours = nals_of(record.stream);
    theirs = nals_of(record.gst_stream);
    assert_int_equal(theirs->len, ours->len);
    assert_memory_equal(theirs->data, ours->data, ours->len);
    assert_true(g_file_get_contents(record.gst_pictures, &pictures, &size, NULL));
    assert_int_equal(size, record.pictures->len);
    assert_memory_equal(pictures, record.pictures->data, size);
    print_message("%d pictures, %zu bytes: bit for bit\n", FRAMES, (size_t)size);
}

/* ---- ffmpeg ---- */

/* Runs it to its end; what it wrote on stderr. */
static char *run_program(const char *const *argv)
{
    struct gs_process p;
    char *said, *line;

    assert_int_equal(gs_process_start(argv, NULL, &p), 0);
    while ((line = gs_process_read_line(&p, GS_PROCESS_DEADLINE_MS)))
        g_free(line);
    assert_int_equal(gs_process_wait(&p, GS_PROCESS_DEADLINE_MS), 0);
    said = gs_process_stderr(&p);
    gs_process_finish(&p);
    return said;
}

static void check_plays(const char *path)
{
    const char *const argv[] = {
        "ffmpeg", "-v",        "error",       "-xerror",        "-i",        path, "-f",
        "null",   "-fps_mode", "passthrough", "-enc_time_base", "1:1000000", "-",  NULL};
    g_autofree char *said = run_program(argv);

    assert_string_equal(said, "");
}

/* Every line of the trace about the field has this value, and there are some. */
static void check_field(const char *trace, const char *field, int value)
{
    g_auto(GStrv) lines = g_strsplit(trace, "\n", -1);
    g_autofree char *name = g_strdup_printf(" %s ", field);
    unsigned n = 0;

    for (char **line = lines; *line; line++) {
        const char *equals = strrchr(*line, '=');

        if (!strstr(*line, name) || !equals)
            continue;
        n++;
        if (atoi(equals + 1) != value)
            fail_msg("%s is not %d: %s", field, value, *line);
    }
    if (!n)
        fail_msg("there is no %s", field);
}

static void check_headers(const char *path)
{
    const char *const argv[] = {"ffmpeg",        "-v", "trace", "-i", path, "-c", "copy", "-bsf:v",
                                "trace_headers", "-f", "null",  "-",  NULL};
    g_autofree char *trace = run_program(argv);

    check_field(trace, "bitstream_restriction_flag", 1);
    check_field(trace, "max_num_reorder_frames", 0);
    check_field(trace, "vui_parameters_present_flag", 1);
    check_field(trace, "video_full_range_flag", 0);
    check_field(trace, "colour_primaries", 1);
    check_field(trace, "transfer_characteristics", 1);
    check_field(trace, "matrix_coefficients", 1);
    /* Absent means left (H.264, E.2.1), as 0 does. */
    check_field(trace, "chroma_loc_info_present_flag", 0);
}

/* SPS and PPS come before every IDR picture, and there are two of these. */
static void check_order(const char *path)
{
    g_autofree char *data = NULL;
    bool sps = false, pps = false;
    unsigned keyframes = 0;
    struct gs_nal nal;
    size_t pos = 0;
    gsize size;

    assert_true(g_file_get_contents(path, &data, &size, NULL));
    while (gs_h264_next_nal((const uint8_t *)data, size, &pos, &nal)) {
        sps |= nal.type == GS_NAL_SPS;
        pps |= nal.type == GS_NAL_PPS;
        if (nal.type == GS_NAL_IDR && !(nal.data[1] & 0x80))
            continue; /* a later slice: first_mb_in_slice is not 0 */
        if (nal.type == GS_NAL_IDR) {
            assert_true(sps && pps);
            keyframes++;
        }
        if (nal.type == GS_NAL_IDR || nal.type == GS_NAL_SLICE)
            sps = pps = false;
    }
    assert_true(keyframes >= 2);
}

static void test_ffmpeg_reads_headers(void **state)
{
    (void)state;
    NEED("ffmpeg");
    check_plays(record.stream);
    check_headers(record.stream);
    check_order(record.stream);
}

static void test_ffmpeg_reads_recording(void **state)
{
    g_autofree char *path = in_dir("recording.mkv");
    const char *const more[] = {"--record", path, NULL};
    struct gs_client_run client;

    (void)state;
    NEED("ffmpeg");
    assert_int_equal(gs_client_start(&record.run, NULL, 2, NULL, more, &client), 0);
    assert_int_equal(gs_client_wait(&client), 0);
    check_plays(path);
    check_headers(path);
    gs_client_finish(&client);
}

/* ---- Wireshark ---- */

/* What tshark prints for the packets that the filter takes. */
static char *dissect(const char *path, const char *filter)
{
    g_autofree char *decode = g_strdup_printf("udp.port==%u,rtp", record.udp_port);
    /* Payload type 96 is H.264 in the one, and ciphertext in the other. */
    const char *payload =
        path == record.plain ? "h264.dynamic.payload.type:96" : "h264.dynamic.payload.type:";
    const char *const argv[] = {"tshark", "-r",    path, "-d",   decode,
                                "-o",     payload, "-Y", filter, NULL};
    const char *const env[] = {"HOME=/nonexistent", NULL};
    GString *out = g_string_new(NULL);
    struct gs_process p;
    char *line;

    assert_int_equal(gs_process_start(argv, env, &p), 0);
    while ((line = gs_process_read_line(&p, GS_PROCESS_DEADLINE_MS))) {
        g_string_append_printf(out, "%s\n", line);
        g_free(line);
    }
    assert_int_equal(gs_process_wait(&p, GS_PROCESS_DEADLINE_MS), 0);
    gs_process_finish(&p);
    return g_string_free(out, FALSE);
}

static unsigned count_lines(const char *text)
{
    unsigned n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void check_dissected(const char *path, const char *filter, unsigned least)
{
    g_autofree char *found = dissect(path, filter);

    if (count_lines(found) < least)
        fail_msg("%s: only %u packets are %s", path, count_lines(found), filter);
}

/* Warnings (0x600000) and worse, of every group but "undecoded" (5): what Wireshark says of itself,
 * that it does not look into slices. */
static void check_clean(const char *path, const char *of)
{
    g_autofree char *filter =
        g_strdup_printf("%s && (_ws.malformed || (_ws.expert.severity >= 0x600000 && "
                        "_ws.expert.group in {0x01000000..0x04000000, 0x06000000..0x0f000000}))",
                        of);
    g_autofree char *bad = dissect(path, filter);

    assert_string_equal(bad, "");
}

static void test_wireshark_reads_packets(void **state)
{
    (void)state;
    NEED("tshark");
    check_clean(record.protected, "rtp"); /* of SRTCP but the first 8 bytes are ciphertext */
    check_dissected(record.protected, "rtp.p_type == 96 && rtp.ssrc != 0", FRAMES);
    check_clean(record.plain, "udp");
    check_dissected(record.plain, "h264", FRAMES);
    check_dissected(record.plain, "rtcp.pt == 200", 1);
    check_dissected(record.plain, "rtcp.pt == 201", 1);
    check_dissected(record.plain, "rtcp.psfb.fmt == 1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gstreamer_plays),
        cmocka_unit_test(test_ffmpeg_reads_headers),
        cmocka_unit_test(test_ffmpeg_reads_recording),
        cmocka_unit_test(test_wireshark_reads_packets),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
