#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian packages, installs them on a bare Debian 12, uses them as a user does, and removes
# them. Usage: test_deb.sh FOLDER    Needs GS_TEST_DEB=1, root, debootstrap and a mirror; exit status 77
# where that is missing. FOLDER keeps the bare system and what was downloaded for the next time.
# GS_MIRROR: where Debian comes from.
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd)
mirror=${GS_MIRROR:-http://deb.debian.org/debian}

skip()
{
    echo "skipped: $*"
    exit 77
}

[ -n "${GS_TEST_DEB:-}" ] || skip "takes minutes; scripts/test --packaging asks for it"
[ "$(id -u)" = 0 ] || skip "needs root"
command -v debootstrap >/dev/null || skip "debootstrap is missing"
unshare --mount --pid --fork --net --ipc true 2>/dev/null || skip "there are no namespaces"
mkdir -p "$1/archives"
keep=$(cd "$1" && pwd)
root=

finish()
{
    [ -z "$root" ] || rm -rf --one-file-system "$root"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# within SCRIPT-ARGS…: inside.sh in the bare system, which is the root of its own mounts, so that users
# may have namespaces in it. With another --net it has a loopback only.
within()
{
    net=$1
    shift
    unshare --mount --pid --fork --kill-child --ipc --uts $net sh -eu -c '
        root=$1
        shift
        mount --make-rprivate /
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=755 tmpfs "$root/dev"
        mount -t tmpfs -o mode=755 tmpfs "$root/run"
        mkdir "$root/dev/shm"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        for device in null zero full random urandom tty; do
            touch "$root/dev/$device"
            mount --bind "/dev/$device" "$root/dev/$device"
        done
        ln -s /proc/self/fd "$root/dev/fd"
        [ -z "$(ip -o link show up)" ] && ip link set lo up
        cd "$root"
        pivot_root . mnt
        umount -l /mnt
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            sh -eu /tmp/inside.sh "$@"
    ' sh "$root" "$@"
}

"$source/scripts/package" "$keep/packages"
for deb in "$keep"/packages/*.deb; do
    mkdir -p "$keep/unpacked"
    dpkg-deb -x "$deb" "$keep/unpacked"
done
"$source/tests/packaging/hardening.sh" --shipped "$source" "$keep"/unpacked/usr/bin/* \
    "$keep"/unpacked/usr/libexec/gpushare/*
rm -rf "$keep/unpacked"

if [ ! -e "$keep/base.tar" ]; then
    root=$keep/bootstrap
    rm -rf --one-file-system "$root"
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$keep/debootstrap.log" 2>&1 ||
        skip "debootstrap failed, see $keep/debootstrap.log"
    tar -C "$root" -cf "$keep/base.tar.new" .
    mv "$keep/base.tar.new" "$keep/base.tar"
    rm -rf --one-file-system "$root"
fi

root=$(mktemp -d "$keep/root.XXXXXX")
chmod 755 "$root"
tar -C "$root" -xf "$keep/base.tar"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$keep"/packages/*.deb "$source/tests/packaging/inside.sh" "$root/tmp"
cp -alf "$keep"/archives/. "$root/var/cache/apt/archives"
within "" install
cp -alf "$root"/var/cache/apt/archives/*.deb "$keep/archives"
within --net use
within --net remove
echo "all is well"
