#!/bin/sh
# Lists the modules of the JDK that classes need, one a line, each once.
#
#     modules.sh JARS LIST      JARS: a jar or a directory of jars; LIST: names that are added
#
# On the class path, what jars say of themselves (module-info, split packages) is no concern; and a
# class that they name and nobody brings is an optional dependency, not an error.
set -eu
feature=$(jdeps --version | cut -d . -f 1)
{
    find "$1" -name '*.jar' -exec jdeps --ignore-missing-deps --multi-release "$feature" \
        --class-path '/app/libs/*' --print-module-deps {} + | grep -E '^[a-z0-9._,]+$' | tr , '\n'
    sed 's/[[:space:]]*#.*//' "$2"
} | grep . | sort -u
