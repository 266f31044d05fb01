#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks one kind of file that packages bring. Usage: files.sh units|sample|desktop|container SOURCE BUILD
# Says what is wrong; exit status 1 then, 77 when a program for it is missing.
set -eu

what=$1
source=$2
build=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wrong()
{
    echo "$*"
    exit 1
}

needs()
{
    command -v "$1" >/dev/null || { echo "$1 is missing"; exit 77; }
}

# On a folder like a machine's, in which the programs exist.
check_units()
{
    needs systemd-analyze
    root=$work/root
    mkdir -p "$root/etc/systemd/system" "$root/usr/bin" "$root/usr/lib"
    cp "$source"/packaging/systemd/*.socket "$source"/packaging/systemd/*.service \
        "$root/etc/systemd/system"
    sed "s|^ExecStart=.*/|ExecStart=/usr/bin/|" "$build/packaging/gpushare-host.service" \
        >"$root/etc/systemd/system/gpushare-host.service"
    for unit in network.target systemd-user-sessions.service sysinit.target basic.target \
        shutdown.target multi-user.target sockets.target; do
        [ ! -e "/usr/lib/systemd/system/$unit" ] || cp "/usr/lib/systemd/system/$unit" "$root/etc/systemd/system"
    done
    for program in gpushare-host kill true; do
        printf '#!/bin/sh\n' >"$root/usr/bin/$program"
        chmod 755 "$root/usr/bin/$program"
    done
    for unit in gpushare-host.service gpushare-host.socket gpushare-sessions.service; do
        said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --root="$root" --man=no \
            --generators=no --recursive-errors=no "$unit" 2>&1) || wrong "$unit: $said"
        said=$(printf '%s\n' "$said" | grep -F gpushare || true)
        [ -z "$said" ] || wrong "$unit: $said"
    done
    systemd-sysusers --root="$root" --dry-run "$source/packaging/systemd/sysusers.conf" >/dev/null
    mkdir -p "$root/etc" && printf 'root:x:0:0::/root:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
    said=$(systemd-tmpfiles --root="$root" --create "$source/packaging/systemd/tmpfiles.conf" 2>&1) ||
        [ "$(id -u)" != 0 ] || wrong "tmpfiles: $said"
}

# All keys commented out are what holds without a file; and so are all of them taken.
check_sample()
{
    host=$build/bin/gpushare-host
    sample=$build/manual/host.conf
    export XDG_CONFIG_HOME="$work" HOME="$work"
    touch "$work/none.conf"
    "$host" serve --config "$work/none.conf" --print-config >"$work/defaults"
    "$host" serve --config "$sample" --print-config >"$work/sample"
    diff "$work/defaults" "$work/sample" || wrong "the sample changes something"
    # Folders stand in it as root has them; those of somebody else differ.
    sed '/^#\[app/,$d; /^#[a-z-]* =$/d; s/^#\([a-z-]* =\)/\1/; /-dir =/d' "$sample" >"$work/all.conf"
    "$host" serve --config "$work/all.conf" --print-config >"$work/all"
    diff "$work/defaults" "$work/all" || wrong "a value in the sample is not the one that holds"
    sed -n '/^#\[app/,$s/^#\([^ ]\)/\1/p' "$sample" >"$work/app.conf"
    "$host" serve --config "$work/app.conf" --print-config | grep -q '^command = ' ||
        wrong "the application in the sample is none"
    sed -n 's/^\([a-z-]*\) =.*/\1/p' "$work/defaults" | while read -r key; do
        grep -q "^#$key =" "$sample" || wrong "the sample lacks $key"
    done
}

check_desktop()
{
    needs desktop-file-validate
    desktop-file-validate "$source/packaging/client/gpushare-client.desktop"
    grep -q '^MimeType=x-scheme-handler/gpushare;$' "$source/packaging/client/gpushare-client.desktop"
    needs python3
    python3 -c 'import sys, xml.dom.minidom as m; assert m.parse(sys.argv[1]).documentElement.tagName == "svg"' \
        "$source/packaging/client/gpushare-client.svg"
}

# No container is built here: all that the file names exists, and its lines are well formed.
check_container()
{
    file=$source/packaging/container/Containerfile
    sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$file" | grep -vE '^[[:space:]]*(#|$)' >"$work/lines"
    grep -vqE '^(ARG|FROM|COPY|RUN|WORKDIR|ENV|EXPOSE|VOLUME|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD|LABEL) ' "$work/lines" &&
        wrong "a line is no instruction: $(grep -vE '^[A-Z]+ ' "$work/lines")"
    grep -oE '^FROM [^ ]+' "$work/lines" | grep -qvE 'debian:12-slim$|^FROM build$' && wrong "another base"
    # COPY of the source tree and from the stage before; both must be what there is.
    sed -n 's/^COPY \([^-][^ ]*\) .*/\1/p' "$work/lines" | while read -r path; do
        [ -e "$source/$path" ] || wrong "there is no $path"
    done
    for script in $(grep -oE 'scripts/[a-z]+' "$work/lines" | sort -u); do
        [ -x "$source/$script" ] || wrong "there is no $script"
    done
    "$source/scripts/deps" --build --print >/dev/null
    sed -n 's/^\(ENTRYPOINT\|CMD\|HEALTHCHECK CMD\) //p' "$work/lines" |
        python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin if line.strip()]'
    needs apt-cache
    for package in $(grep -oE 'apt-get install [^&]*' "$work/lines" | tr ' ' '\n' |
        grep -E '^[a-z0-9][a-z0-9.+-]+$' | grep -vxE 'apt-get|install'); do
        apt-cache show "$package" >/dev/null 2>&1 || wrong "there is no package $package"
    done
    "$build/bin/gpushare-host" serve --help >/dev/null
}

"check_$what"
