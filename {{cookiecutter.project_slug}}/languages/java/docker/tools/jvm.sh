#!/bin/sh
# Links a JVM of the modules in LIST and docker/modules.txt, with the options in docker/java.options, into DEST.
# Part of the template: an update replaces it.
#
#     jvm.sh LIST DOCKER DEST
set -eu
list=$1 docker=$2 dest=$3

lines() { sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' "$1"; }

modules=$(mktemp)
{ cat "$list" && lines "$docker/modules.txt" | grep -v '^-' | sed 's/ .*//'; } | sort -u >"$modules"
lines "$docker/modules.txt" | sed -n 's/^-//p' | while read -r module; do sed -i "/^$module\$/d" "$modules"; done
# "jdk.localedata de,fr" has these languages only.
locales=$(lines "$docker/modules.txt" | sed -n 's/^jdk\.localedata  *//p')

jlink --add-modules "$(paste -sd, "$modules")" --output "$dest" ${locales:+--include-locales "$locales"} \
    --add-options "$(lines "$docker/java.options" | paste -sd' ')" \
    --strip-debug --no-header-files --no-man-pages --compress=zip-9

# No container has a screen or a sound card: what needs the libraries of X11 or ALSA is never loaded.
for library in awt_xawt jawt splashscreen jsound; do rm -f "$dest/lib/lib$library.so"; done

# 5 MB of symbols in libjvm.so that --strip-debug leaves.
find "$dest" -type f \( -name '*.so' -o -path '*/bin/*' \) -exec strip --strip-unneeded {} +
find "$dest" -exec touch -h -d '1980-01-01 00:00:02' {} +
