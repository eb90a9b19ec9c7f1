#!/bin/sh
# Links a JVM of the modules that LIST names into DEST.
#
#     jvm.sh LIST DEST
set -eu
list=$1 dest=$2
jlink --add-modules "$(paste -sd, "$list")" --output "$dest" \
    --strip-debug --no-header-files --no-man-pages --compress=zip-9

# Many libraries name a class or two of java.desktop. What that brings for screens, fonts and sound cards
# wants libraries to no end; where this build image lacks them, the service would not use it either.
for library in "$dest"/lib/*.so; do
    case $(LD_LIBRARY_PATH="$dest/lib:$dest/lib/server" ldd "$library" 2>&1) in
        *' => not found'* | *'Error loading shared library'*) rm "$library" ;;
    esac
done

# 5 MB of symbols in libjvm.so that --strip-debug leaves.
find "$dest" -type f \( -name '*.so' -o -path '*/bin/*' \) -exec strip --strip-unneeded {} +
find "$dest" -exec touch -h -d '1980-01-01 00:00:02' {} +
