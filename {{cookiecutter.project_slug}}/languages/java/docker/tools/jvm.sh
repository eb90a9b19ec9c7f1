#!/bin/sh
# Links a JVM of the modules in LIST (MODULE JAR, a pair a line) and docker/modules.txt, with the options in docker/java.options, into DEST.
# Part of the template: an update replaces it.
#
#     jvm.sh LIST DOCKER DEST
set -eu
list=$1 docker=$2 dest=$3

lines() { sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' "$1"; }

# Whether a line of docker/modules.txt takes out MODULE, at all or as far as JAR names it.
is_out() {
    while read -r wish pattern; do
        # shellcheck disable=SC2254 # a pattern it is
        [ "$wish" != "-$1" ] || case $2 in ${pattern:-*}) return 0 ;; esac
    done <"$wishes"
    return 1
}

wishes=$(mktemp) modules=$(mktemp)
lines "$docker/modules.txt" >"$wishes"
{ echo java.base && cat "$list" && grep -v '^-' "$wishes" | sed 's/ .*//'; } |
    while read -r module jar; do is_out "$module" "$jar" || echo "$module"; done | sort -u >"$modules"
# "jdk.localedata de,fr" has these languages only.
locales=$(sed -n 's/^jdk\.localedata  *//p' "$wishes")

# `--add-opens PACKAGE=MODULE`, as on a command line, the JVM itself takes with `=` only.
options=$(lines "$docker/java.options" | sed -E 's/^(--[a-z-]+)[[:space:]]+/\1=/' | paste -sd' ')

jlink --add-modules "$(paste -sd, "$modules")" --output "$dest" ${locales:+--include-locales "$locales"} \
    --add-options "$options" \
    --strip-debug --no-header-files --no-man-pages --compress=zip-9

# No container has a screen or a sound card: what needs the libraries of X11 or ALSA is never loaded.
for library in awt_xawt jawt splashscreen jsound; do rm -f "$dest/lib/lib$library.so"; done

# 5 MB of symbols in libjvm.so that --strip-debug leaves.
find "$dest" -type f \( -name '*.so' -o -path '*/bin/*' \) -exec strip --strip-unneeded {} +
find "$dest" -exec touch -h -d '1980-01-01 00:00:02' {} +

# Options are proven before anything else runs with them; an agent may be a file of the image, which is not here.
said=$("$dest/bin/java" -version 2>&1) || case $said in
    *agent*) ;;
    *) echo "$said" >&2 && echo "jvm: the JVM does not start with the options in docker/java.options: its reason is above." >&2 && exit 1 ;;
esac
