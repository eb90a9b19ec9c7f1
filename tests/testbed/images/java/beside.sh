#!/bin/sh
# beside.sh TO FILE|FOLDER...   copies glibc programs, and every library that they and the folders need, for a system with another libc.
set -eu
to=$1; shift
libraries=$to/usr/lib/x86_64-linux-gnu
mkdir -p "$libraries" "$to/lib64"
cp -L /lib64/ld-linux-x86-64.so.2 "$to/lib64/"
{
    dpkg -L libc6 | grep '/lib/x86_64-linux-gnu/lib[^/]*$'
    find "$@" \( -name '*.so' -o -perm -100 \) -exec ldd {} + 2>/dev/null | sed -n 's#.*=> \(/[^ ]*-linux-gnu/[^ ]*\) (0x.*#\1#p'
} | sort -u |
    while read -r library; do cp -L "$library" "$libraries/"; done
for path; do
    [ -d "$path" ] || { mkdir -p "$to${path%/*}" && cp -L "$path" "$to$path"; }
done
