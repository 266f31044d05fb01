#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks one rule of the house. Usage: house.sh includes|files|needed|symbols SOURCE_DIR BUILD_DIR
# Says every offence on stdout; exit status 1 if there was one, 77 when there is nothing to check.
set -eu

rule=$1
build=$3
cd "$2"
offences=$(mktemp)
trap 'rm -f "$offences"' EXIT

# may_include FOLDER ALLOWED…: the project's headers that FOLDER takes come from ALLOWED only.
may_include()
{
    folder=$1
    shift
    allowed=$(echo "$@" | tr ' ' '|')
    grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include "[^"]*/' "$folder" |
        grep -vE "include \"($allowed)/" >>"$offences" || true
}

check_includes()
{
    may_include common common
    may_include host host common
    may_include encoder encoder common
    may_include session session encoder shaders common
    may_include client client shaders common
    # A tool of the build, which knows the tables of all.
    may_include manual manual host encoder session client common
    # The interface of wlroots changes with every release: one folder knows it.
    grep -rn --include='*.[ch]' '#include <wlr/' common host encoder session client |
        grep -v '^session/desktop/' >>"$offences" || true
}

check_files()
{
    find common host encoder session client manual tests -name '*.[ch]' | while read -r file; do
        head -n 1 "$file" | grep -qx '/\* SPDX-License-Identifier: GPL-2.0-or-later \*/' ||
            echo "$file: does not begin with the license line"
        [ "$(wc -l <"$file")" -le 500 ] || echo "$file: more than 500 lines"
    done >>"$offences"
}

# The daemon never touches pixels: it links no GL, no codec, no media framework. HTTP is loaded by who
# speaks it.
check_needed()
{
    host=$build/bin/gpushare-host
    [ -e "$host" ] || exit 77
    readelf -d "$host" | grep NEEDED |
        grep -E 'lib(EGL|GL|GLES|gbm|drm|av|sw|x264|gst|wlroots|wayland|SDL|soup)' >>"$offences" || true
    # One runs beside every session.
    readelf -d "$build/bin/gpushare-keeper" | grep NEEDED |
        grep -vE 'lib(c|glib-2\.0|jansson|pam|[a-z]*san)\.so' >>"$offences" || true
    # The client loads them when it uses them: linked, they are half of its start and its memory.
    client=$build/bin/gpushare-client
    [ -e "$client" ] || return 0
    readelf -d "$client" | grep NEEDED | grep -E 'lib(EGL|GL|av|sw|va|yuv|wayland|X11|xcb|SDL)' \
        >>"$offences" || true
}

# Whatever a library of ours exports is called gs_*. Names of sanitizers begin with two underscores;
# protocol tables come out of wayland-scanner.
check_symbols()
{
    libs=$(find "$build/common" "$build/host" "$build/encoder" "$build/session" "$build/client" \
        "$build/shaders" -name 'libgs_*.a')
    [ -n "$libs" ] || exit 77
    for lib in $libs; do
        nm -g --defined-only "$lib" 2>/dev/null | awk 'NF == 3 { print $3 }' |
            grep -vE '^(gs_|__|_?(wl|wp|xdg|zwp|zxdg|zwlr|ext)_[a-z0-9_]*_interface$)' |
            sed "s|^|${lib#"$build/"}: |" >>"$offences" || true
    done
}

"check_$rule"
cat "$offences"
[ ! -s "$offences" ]
