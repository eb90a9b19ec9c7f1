#!/bin/sh
# self-contained.sh JDK TO   copies the JDK's modules to TO and puts every shared library of the system that they need, but
# glibc's, into them: Temurin is built that way.
set -eu
jdk=$1 to=$2
unpacked=/tmp/unpacked
cp -r "$jdk/jmods" "$to"

# libraries FOLDER   those that the libraries in FOLDER need, down to the last; X11, sound and card readers are in no image.
libraries() {
    find "$1" -name '*.so' -exec ldd {} + | sed -n 's#.*=> \(/[^ ]*\) (0x.*#\1#p' | grep -v -e "^$jdk" -e "^$unpacked" -e libpcsclite | sort -u |
        while read -r library; do dpkg -S "$(readlink -f "$library")" | grep -q '^libc6:' || echo "$library"; done
}

# module NAME OPTION...   packs it again
module() {
    name=$1
    shift
    # shellcheck disable=SC2016  # $ORIGIN is the loader's own
    find "$unpacked/$name/lib" -name '*.so*' -exec patchelf --add-rpath '$ORIGIN:$ORIGIN/..' {} +
    for section in bin:cmds conf:config include:header-files legal:legal-notices lib:libs; do
        [ ! -d "$unpacked/$name/${section%:*}" ] || set -- "$@" "--${section#*:}" "$unpacked/$name/${section%:*}"
    done
    rm "$to/$name.jmod"
    "$jdk/bin/jmod" create --class-path "$unpacked/$name/classes" "$@" "$to/$name.jmod"
}

for name in java.base java.desktop; do "$jdk/bin/jmod" extract --dir "$unpacked/$name" "$to/$name.jmod"; done
libraries "$unpacked/java.base/lib" > /tmp/base
libraries "$unpacked/java.desktop/lib" | grep -vxFf /tmp/base > /tmp/desktop
xargs -a /tmp/base cp -Lt "$unpacked/java.base/lib"
xargs -a /tmp/desktop cp -Lt "$unpacked/java.desktop/lib"
module java.desktop
module java.base --module-path "$to" --hash-modules '.*' # last: it records the sums of the others
