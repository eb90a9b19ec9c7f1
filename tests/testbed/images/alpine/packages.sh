#!/bin/sh
# packages.sh FROM TO PACKAGE...   copies the named packages of an installed Alpine, apk's record of them included.
set -eu
from=$1 to=$2
shift 2
mkdir -p "$to/lib/apk/db"

# One blank-line separated record per package: P: its name, then F: a directory and R: each file in it.
awk -v RS= -v ORS='\n\n' -F '\n' -v wanted="$*" -v db="$to/lib/apk/db/installed" '
    BEGIN { n = split(wanted, names, " "); for (i = 1; i <= n; i++) missing[names[i]] }
    {
        for (i = 1; i <= NF; i++) if ($i ~ /^P:/) package = substr($i, 3)
        if (!(package in missing)) next
        delete missing[package]
        print > db
        for (i = 1; i <= NF; i++) {
            if ($i ~ /^F:/) { directory = substr($i, 3); printf "%s\n", directory == "" ? "." : directory }
            if ($i ~ /^R:/) printf "%s%s\n", directory == "" ? "" : directory "/", substr($i, 3)
        }
    }
    END { for (name in missing) { print "packages.sh: the disk image has no " name > "/dev/stderr"; exit 1 } }
' "$from/lib/apk/db/installed" > /tmp/files
tar -C "$from" --no-recursion -c -T /tmp/files | tar -C "$to" -x
