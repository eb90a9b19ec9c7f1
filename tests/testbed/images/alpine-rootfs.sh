#!/bin/sh
# alpine-rootfs.sh FROM TO PACKAGE...   copies the named packages of an installed Alpine, apk's record of them included.
set -eu
from=$1 to=$2; shift 2
mkdir -p "$to/lib/apk/db" "$to/etc/apk"

# One blank-line separated record per package: P: its name, then F: a directory and R: each file in it.
awk -v RS= -v ORS='\n\n' -F '\n' -v wanted="$*" -v db="$to/lib/apk/db/installed" '
    BEGIN { n = split(wanted, names, " "); for (i = 1; i <= n; i++) keep[names[i]] }
    {
        for (i = 1; i <= NF; i++) if ($i ~ /^P:/) package = substr($i, 3)
        if (!(package in keep)) next
        delete keep[package]
        print > db
        for (i = 1; i <= NF; i++) {
            if ($i ~ /^F:/) { directory = substr($i, 3); printf "%s\n", directory == "" ? "." : directory }
            if ($i ~ /^R:/) printf "%s\n", (directory == "" ? "" : directory "/") substr($i, 3)
        }
    }
    END { for (name in keep) { print "not installed there: " name > "/dev/stderr"; exit 1 } }
' "$from/lib/apk/db/installed" > /tmp/files

# busybox and apk leave some things behind on installation that their file lists do not name.
(cd "$from" && find bin sbin usr/bin usr/sbin -type l -lname '*/bin/busybox' && ls etc/shadow etc/apk/arch 2>/dev/null) >> /tmp/files || true
tar -C "$from" --no-recursion -c -T /tmp/files | tar -C "$to" -x
cp "$from/etc/apk/repositories" "$to/etc/apk/"
printf '%s\n' alpine-baselayout alpine-keys alpine-release apk-tools busybox musl-utils > "$to/etc/apk/world"

# The machine had users of its own, and its disk image was read without its sticky bits.
sed -i -E '/^(dhcpcd|quicksand):/d' "$to/etc/passwd" "$to/etc/group" "$to/etc/shadow"
chmod 1777 "$to/tmp" "$to/var/tmp"
