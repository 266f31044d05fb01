#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks what the build made for readers and shells. Usage: manual.sh man|options|completion BUILD
# Exit status 1 after saying what is wrong, 77 when a program for it is missing.
set -u

made=$2/manual
bin=$2/bin
failed=0

wrong()
{
    echo "$*"
    failed=1
}

# No warning of groff or mandoc.
check_man()
{
    command -v man >/dev/null || { echo "man is missing"; exit 77; }
    command -v mandoc >/dev/null || { echo "mandoc is missing"; exit 77; }
    for page in "$made"/*.[158]; do
        said=$(LC_ALL=C.UTF-8 man -l --warnings "$page" 2>&1 >/dev/null)
        [ -z "$said" ] || wrong "$page: man: $said"
        said=$(mandoc -Tlint -Wwarning "$page")
        [ -z "$said" ] || wrong "$page: $said"
        grep -q '^@' "$page" && wrong "$page: a line was not filled in"
    done
}

# program_options PROGRAM [VERB] PAGE: all that --help says is in the page and in the completion.
program_options()
{
    page=$made/${!#}
    set -- "${@:1:$#-1}"
    options=$("$bin/$1" "${@:2}" --help | grep -oE '^ .{5}--[a-z-]+' | grep -oE -- '--[a-z-]+')
    [ -n "$options" ] || wrong "$* --help says no options"
    for option in $options; do
        roff=$(sed 's/-/\\\\-/g' <<<"$option")
        grep -qE "^(\\\\fB\\\\-.\\\\fR, )?\\\\fB$roff(=|\\\\fR)" "$page" ||
            wrong "$page lacks $option"
        [ "$1" = gpushare-session ] || grep -qE -- "$option[ \"]" "$made/completions/$1" ||
            wrong "the completion of $1 lacks $option"
    done
}

check_options()
{
    program_options gpushare-host run gpushare-host.1
    program_options gpushare-host serve gpushare-host.1
    program_options gpushare-host doctor gpushare-host.1
    for verb in create list show set close ticket logs; do
        program_options gpushare-host session $verb gpushare-host.1
    done
    for verb in apps top events; do
        program_options gpushare-host $verb gpushare-host.1
    done
    program_options gpushare-client gpushare-client.1
    program_options gpushare-session gpushare-session.8
}

# complete WORD…: what bash offers for the last one, on one line, in order.
complete_line()
{
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMP_LINE="$*"
    COMP_POINT=${#COMP_LINE}
    COMPREPLY=()
    "_${1//-/_}" 2>/dev/null
    echo "${COMPREPLY[*]}"
}

offers()
{
    wanted=$1
    shift
    got=$(complete_line "$@")
    [[ " $got " == *" $wanted "* ]] || wrong "“$*” offers '$got', not '$wanted'"
}

offers_only()
{
    wanted=$1
    shift
    got=$(complete_line "$@")
    [ "$got" = "$wanted" ] || wrong "“$*” offers '$got' instead of '$wanted'"
}

check_completion()
{
    # Without the package bash-completion, so that the functions do their own work.
    for program in gpushare-host gpushare-client; do
        . "$made/completions/$program" || exit 1
        builtin complete -p "$program" >/dev/null || wrong "$program has no completion"
    done
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    touch "$dir/one file" "$dir/gs-completed"
    chmod +x "$dir/gs-completed"
    PATH=$dir:$PATH
    # In the place of a host with a daemon.
    gpushare-host()
    {
        case "$*" in
        "session list --names") printf 'one\ntwo\n' ;;
        "apps --names") printf 'gears\nfreecad\n' ;;
        esac
    }

    offers_only "run" gpushare-host r
    offers_only "doctor" gpushare-host d
    offers_only "--version" gpushare-host --v
    offers_only "--json" gpushare-host doctor --j
    offers_only "--encoder" gpushare-host run --enc
    offers "x264" gpushare-host run --encoder ""
    offers_only "x264" gpushare-host run --encoder x
    offers_only "x264" gpushare-host run --encoder = x
    offers "x264" gpushare-host run --encoder =
    offers_only "gl" gpushare-host run --fps 30 --converter g
    offers "1920x1080" gpushare-host run --size 19
    offers_only "" gpushare-host run --session ""
    # Commands after the options; what follows them is theirs.
    offers_only "gs-completed" gpushare-host run --size 64x64 -- gs-compl
    offers_only "gs-completed" gpushare-host run --size = 64x64 gs-compl
    offers_only "gs-completed" gpushare-host run -v gs-compl
    offers_only "" gpushare-host run -- gs-completed --enc
    offers_only "$dir/one file" gpushare-host run -- gs-completed "$dir/one"
    # Verbs of two words.
    offers_only "serve session" gpushare-host se
    offers_only "show set" gpushare-host session s
    offers_only "--ticket-ttl --ticket-uses" gpushare-host session create x --ticket
    offers_only "x264" gpushare-host session create --encoder x
    offers "30" gpushare-host session create --floor ""
    offers_only "--queue" gpushare-host session create x --que
    offers_only "gs-completed" gpushare-host session create x --size 64x64 -- gs-compl
    offers_only "" gpushare-host session create gs-compl
    offers_only "--list" gpushare-host session ticket x --l
    # Names that the daemon tells.
    offers_only "one" gpushare-host session close o
    offers_only "one two" gpushare-host session show ""
    offers_only "gears" gpushare-host session create --app g
    # Files, and options after the URL.
    offers_only "$dir/one file" gpushare-client --stats "$dir/one"
    offers_only "software" gpushare-client gpushare://x/y --decoder soft
    offers_only "--headless" gpushare-client gpushare://x/y --headl
    offers_only "" gpushare-client gpushare://
    offers_only "" gpushare-client --doc
}

"check_$1"
exit $failed
