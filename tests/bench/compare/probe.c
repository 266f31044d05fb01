/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-compare-probe: looks at the screen of a viewer from outside and says in JSON what it saw. One
 * thread. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "common/clock.h"
#include "tests/bench/compare/marks.h"
#include "tests/bench/compare/screen.h"
#include "tests/bench/compare/ssim.h"

#define POLL_NS 400000           /* between two looks; about 2 kHz with the look itself */
#define CLICK_GAP_MS 40          /* least time between a seen change and the next click */
#define CLICK_SPREAD_MS 50       /* and at most so much more, at random: any phase of a frame */
#define CLICK_LOST_NS 1000000000 /* nothing changed: the click is lost */
#define LOOK_X 640               /* where the scene "click" changes, in parts of 1280 and 720 */
#define LOOK_Y 360
#define POINTER_X 500 /* in the same field, off the pixel */
#define POINTER_Y 300

static struct {
    char *view, *input, *log, *out;
    double seconds;
    int count, number, width, height;
    gboolean press;
} options;

static struct cmp_screen view, input;
static struct cmp_log *log_file;

static double ms(uint64_t ns)
{
    return (double)ns / (double)GS_NS_PER_MS;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec wait = {(time_t)(ns / GS_NS_PER_S), (long)(ns % GS_NS_PER_S)};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
}

static void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

/* Half a click; the other half waits until its effect was seen. */
static void press(bool down)
{
    cmp_screen_button(options.input ? &input : &view, down);
}

static void point(void)
{
    struct cmp_screen *s = options.input ? &input : &view;

    cmp_screen_move_pointer(s, POINTER_X * s->width / 1280, POINTER_Y * s->height / 720);
}

/* The state of the field in the middle: which of its two colours is shown. */
static bool look(void)
{
    if (cmp_screen_grab(&view, LOOK_X * view.width / 1280, LOOK_Y * view.height / 720, 1, 1) < 0) {
        fprintf(stderr, "gs-compare-probe: the X server went away\n");
        exit(1);
    }
    return ((view.pixels[0] >> 16) & 0xff) > 0x78;
}

static void print_values(const GArray *values)
{
    printf("[");
    for (guint i = 0; i < values->len; i++)
        printf("%s%.3f", i ? ", " : "", g_array_index(values, double, i));
    printf("]");
}

/* Click → changed pixel, `count` times. */
static int run_click(void)
{
    g_autoptr(GArray) took = g_array_new(FALSE, FALSE, sizeof(double));
    int lost = 0;

    point();
    sleep_ns(300 * GS_NS_PER_MS);
    for (int i = 0; i < options.count; i++) {
        bool before;
        uint64_t start, now;
        double value;

        sleep_ns((uint64_t)((CLICK_GAP_MS + g_random_double() * CLICK_SPREAD_MS) * 1e6));
        before = look();
        start = now = gs_now_ns();
        press(true);
        while (look() == before && (now = gs_now_ns()) - start < CLICK_LOST_NS)
            sleep_ns(POLL_NS);
        now = gs_now_ns();
        press(false);
        value = ms(now - start);
        if (now - start < CLICK_LOST_NS)
            g_array_append_val(took, value);
        else
            lost++;
    }
    printf("{\"lost\": %d, \"ms\": ", lost);
    print_values(took);
    puts("}");
    return 0;
}

/* Drawn → seen, of every picture whose number is on the screen when we look. */
static int run_frames(void)
{
    g_autoptr(GArray) took = g_array_new(FALSE, FALSE, sizeof(double));
    uint64_t start = gs_now_ns(), now = start;
    uint32_t drawn = log_file->drawn;
    int last = cmp_screen_number(&view), backwards = 0;

    while (now - start < (uint64_t)(options.seconds * 1e9)) {
        int number = cmp_screen_number(&view);

        now = gs_now_ns();
        if (number >= 0 && number != last) {
            double value = ms(now - log_file->stamp[number]);

            if (number < last)
                backwards++;
            g_array_append_val(took, value);
            last = number;
        }
        sleep_ns(POLL_NS);
    }
    printf("{\"seconds\": %.6f, \"drawn\": %u, \"backwards\": %d, \"ms\": ",
           (double)(now - start) / GS_NS_PER_S, log_file->drawn - drawn, backwards);
    print_values(took);
    puts("}");
    return 0;
}

/* Waits for a number, or for any (-1), and says when it was there. */
static int run_await(void)
{
    uint64_t start = gs_now_ns(), now = start;
    bool there = false;

    if (options.press) {
        point();
        sleep_ns(100 * GS_NS_PER_MS);
        press(true);
        press(false);
    }
    while (!there && now - start < (uint64_t)(options.seconds * 1e9)) {
        int number = cmp_screen_number(&view);

        now = gs_now_ns();
        there = options.number < 0 ? number >= 0 : number == options.number;
        if (!there)
            sleep_ns(POLL_NS);
    }
    if (!there)
        return 1;
    printf("{\"ns\": %llu}\n", (unsigned long long)now);
    return 0;
}

/* `count` pictures of the whole screen, as raw XRGB8888, some time apart. */
static int run_shoot(void)
{
    size_t size = (size_t)view.width * view.height * 4;

    printf("{\"width\": %d, \"height\": %d, \"numbers\": [", view.width, view.height);
    for (int i = 0; i < options.count; i++) {
        g_autofree char *path = g_strdup_printf("%s.%d", options.out, i);
        g_autofree uint32_t *row = g_new(uint32_t, CMP_MARK_WIDTH);

        if (i)
            sleep_ns((uint64_t)(options.seconds * 1e9));
        if (cmp_screen_grab(&view, 0, 0, view.width, view.height) < 0 ||
            !g_file_set_contents(path, (const char *)view.pixels, (gssize)size, NULL)) {
            fprintf(stderr, "gs-compare-probe: %s can't be written\n", path);
            return 1;
        }
        memcpy(row, view.pixels + CMP_MARK_SIZE / 2 * view.width, CMP_MARK_WIDTH * 4);
        printf("%s%d", i ? ", " : "", cmp_marks_read(row));
    }
    puts("]}");
    return 0;
}

/* Two files of run_shoot. */
static int run_ssim(const char *first, const char *second)
{
    g_autofree char *a = NULL, *b = NULL;
    gsize a_size, b_size;
    double mean, worst;

    if (!g_file_get_contents(first, &a, &a_size, NULL) ||
        !g_file_get_contents(second, &b, &b_size, NULL) || a_size != b_size ||
        a_size != (gsize)options.width * (gsize)options.height * 4) {
        fprintf(stderr, "gs-compare-probe: %s and %s are no pictures of that size\n", first,
                second);
        return 1;
    }
    mean = cmp_ssim((const uint32_t *)(void *)a, (const uint32_t *)(void *)b, options.width,
                    options.height, &worst);
    printf("{\"ssim\": %.6f, \"worst\": %.6f}\n", mean, worst);
    return 0;
}

static int open_screens(void)
{
    int r = cmp_screen_open(options.view, &view);

    if (r == 0 && options.input)
        r = cmp_screen_open(options.input, &input);
    if (r == 0 && options.log)
        r = cmp_log_open(options.log, false, &log_file);
    if (r < 0)
        fprintf(stderr, "gs-compare-probe: %s\n", strerror(-r));
    return r;
}

static const struct {
    const char *name;
    int (*run)(void);
    bool log, out;
} commands[] = {
    {"click", run_click, false, false},
    {"frames", run_frames, true, false},
    {"await", run_await, false, false},
    {"shoot", run_shoot, false, true},
};

static int run_command(const char *name)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (!options.view || (commands[i].log && !options.log) ||
            (commands[i].out && !options.out)) {
            fprintf(stderr, "gs-compare-probe: %s lacks --view, --log or --out\n", name);
            return 2;
        }
        if (open_screens() < 0)
            return 1;
        say_ready();
        return commands[i].run();
    }
    fprintf(stderr, "gs-compare-probe: click, frames, await, shoot or ssim, not %s\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"view", 0, 0, G_OPTION_ARG_STRING, &options.view, "Screen to look at", "DISPLAY"},
        {"input", 0, 0, G_OPTION_ARG_STRING, &options.input, "Screen to click on (the same)",
         "DISPLAY"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &options.log, "The application's", "FILE"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options.out, "shoot: begin of the names", "FILE"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds,
         "frames: how long; await: at most; shoot: between two", "S"},
        {"count", 0, 0, G_OPTION_ARG_INT, &options.count, "Clicks or pictures", "N"},
        {"width", 0, 0, G_OPTION_ARG_INT, &options.width, "ssim: of the pictures", "N"},
        {"height", 0, 0, G_OPTION_ARG_INT, &options.height, "ssim: of the pictures", "N"},
        {"number", 0, 0, G_OPTION_ARG_INT, &options.number, "await: which, -1: any", "N"},
        {"press", 0, 0, G_OPTION_ARG_NONE, &options.press, "await: click first", NULL},
        {0}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("click|frames|await|shoot|ssim A B - looks at a viewer's screen");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc < 2) {
        fprintf(stderr, "gs-compare-probe: %s\n", error ? error->message : "do what?");
        return 2;
    }
    /* Sleeps end when they should: by default the kernel adds up to 50 µs. */
    prctl(PR_SET_TIMERSLACK, 1);
    if (argc == 4 && !strcmp(argv[1], "ssim"))
        return run_ssim(argv[2], argv[3]);
    return run_command(argv[1]);
}
