/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/options.h"

#define AT(field) offsetof(struct gs_client_arguments, field)

static const struct gs_option options[] = {
    {"Window", "fullscreen", 0, GS_OPTION_FLAG, AT(fullscreen), NULL, "Begin in fullscreen", NULL,
     NULL, NULL, false},
    {NULL, "overlay", 0, GS_OPTION_FLAG, AT(overlay), NULL, "Show statistics over the picture",
     NULL, NULL, NULL, false},
    {NULL, "headless", 0, GS_OPTION_FLAG, AT(headless), NULL,
     "Open no window; needs no display and no keyboard", NULL, NULL, NULL, false},
    {NULL, "duration", 0, GS_OPTION_DOUBLE, AT(duration), "S",
     "End that many seconds after connecting", "up to 31536000", "stay until the session ends",
     "10 60", false},
    {NULL, "wait", 0, GS_OPTION_DOUBLE, AT(wait), "S",
     "Try for so many seconds to reach a host that does not answer", "up to 31536000", "once",
     "10 60", false},
    {NULL, "reconnect", 0, GS_OPTION_DOUBLE, AT(reconnect), "S",
     "Try for so many seconds to get a broken connection back, 0: end at once", "up to 31536000",
     "30", "0 30 300", false},
    {NULL, "view", 0, GS_OPTION_FLAG, AT(view), NULL, "Only watch: send no keyboard and no mouse",
     NULL, NULL, NULL, false},
    {"Picture and input", "decoder", 0, GS_OPTION_TEXT, AT(decoder), "NAME", "Decoder to take",
     NULL, "the first that works", "@decoders", false},
    {NULL, "presenter", 0, GS_OPTION_TEXT, AT(presenter), "NAME", "How pictures are shown",
     "window (chooses), gl, shm or headless", "window", "window gl shm headless", false},
    {NULL, "keymap", 0, GS_OPTION_TEXT, AT(keymap), "LAYOUT[:VARIANT]",
     "Keyboard layout, as XKB names it", NULL, "the display's, or us", "us gb de fr es it ch:de",
     false},
    {NULL, "script", 0, GS_OPTION_TEXT, AT(script), "FILE", "Play input from a file, - for stdin",
     NULL, NULL, "@file", false},
    {"Files", "stats", 0, GS_OPTION_TEXT, AT(stats), "FILE",
     "Write statistics as JSON at the end, - for stdout", NULL, NULL, "@file", false},
    {NULL, "record", 0, GS_OPTION_TEXT, AT(record), "FILE.mkv", "Record the video as it comes",
     NULL, NULL, "@file", false},
    {NULL, "snapshot", 0, GS_OPTION_TEXT, AT(snapshot), "FILE.png",
     "Write the last picture at the end", NULL, NULL, "@file", false},
    {"Other", "verbose", 'v', GS_OPTION_FLAG, AT(verbose), NULL,
     "Say more on stderr, as GPUSHARE_LOG=debug does", NULL, NULL, NULL, false},
    {NULL, "version", 0, GS_OPTION_FLAG, AT(version), NULL, "Print the version and end", NULL, NULL,
     NULL, false},
    {NULL, "doctor", 0, GS_OPTION_FLAG, AT(doctor), NULL,
     "Try the decoders and say the results as “gpushare-host doctor” reads them", NULL, NULL, NULL,
     true},
    {.name = NULL},
};

const struct gs_command gs_client_command = {
    .program = "gpushare-client",
    .operands = "URL",
    .summary = "Shows a gpushare session and sends it your input",
    .notes = "URL is what “gpushare-host run” printed.\n"
             "\n"
             "In the window, with Ctrl+Alt+Shift held:\n"
             "  Q    close        F11  fullscreen on and off\n"
             "  Z    let go of the pointer and the keyboard\n"
             "  S    statistics over the picture on and off\n"
             "\n"
             "A script has one command a line; # begins a comment:\n"
             "  wait SECONDS                    key NAME|CODE [down|up]\n"
             "  wait-frame [N]                  text STRING\n"
             "  move X Y                        rel DX DY\n"
             "  button left|middle|right [down|up]\n"
             "  click [left|middle|right]       scroll N\n"
             "  snapshot FILE.png               quit\n"
             "wait-frame: until N (1) pictures came that show all input so far (but for\n"
             "releases, after which an application may draw nothing). Without\n"
             "--duration the end of the script ends the client, as quit does.\n"
             "\n"
             "Exit status: 0 done, 1 it failed, 2 wrong usage, 3 refused, 4 not reachable.\n",
    .options = options,
};

void gs_client_arguments_finish(struct gs_client_arguments *a)
{
    g_strfreev(a->rest);
    g_free(a->script);
    g_free(a->keymap);
    g_free(a->stats);
    g_free(a->record);
    g_free(a->snapshot);
    g_free(a->decoder);
    g_free(a->presenter);
}
