#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks how programs and modules were built. Usage: hardening.sh [--shipped SOURCE-DIR] FILE…
# --shipped: they are stripped, too, and name no folder of the build.
# Says every offence; exit status 1 if there was one, 77 when readelf is missing.
set -eu

source=
if [ "$1" = --shipped ]; then
    source=$2
    shift 2
fi
command -v readelf >/dev/null || { echo "readelf is missing"; exit 77; }
[ $# -gt 0 ] || { echo "there is nothing to check"; exit 1; }
failed=0

wrong()
{
    echo "$1: $2"
    failed=1
}

# needs FILE WHAT TEXT PATTERN
needs()
{
    printf '%s\n' "$3" | grep -qE "$4" || wrong "$1" "$2"
}

for file; do
    header=$(readelf -hW "$file")
    segments=$(readelf -lW "$file")
    dynamic=$(readelf -dW "$file")
    symbols=$(readelf -sW --dyn-syms "$file")
    needs "$file" "is not position independent" "$header" 'Type: +DYN'
    needs "$file" "has no read-only relocations" "$segments" GNU_RELRO
    needs "$file" "binds symbols late" "$dynamic" 'BIND_NOW|Flags:.* NOW'
    needs "$file" "says nothing of its stack" "$segments" GNU_STACK
    printf '%s\n' "$segments" | grep -E 'GNU_STACK' | grep -q 'RWE' && wrong "$file" "runs code on its stack"
    printf '%s\n' "$dynamic" | grep -qE 'RPATH|RUNPATH' && wrong "$file" "has a path to libraries"
    # Tiny ones may have no array on the stack, and call nothing that has a checked form.
    if [ "$(stat -c %s "$file")" -gt 32000 ]; then
        needs "$file" "has no stack protector" "$symbols" __stack_chk_fail
        needs "$file" "has no fortified function" "$symbols" '_chk(@|$| )'
    fi
    [ -n "$source" ] || continue
    grep -qF "$source" "$file" && wrong "$file" "names $source"
    readelf -SW "$file" | grep -qE '\.debug_info|\.symtab' && wrong "$file" "is not stripped"
done
exit $failed
