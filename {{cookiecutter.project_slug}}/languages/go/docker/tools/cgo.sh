#!/bin/sh
# Part of the template: an update replaces it.
# Fails where the service imports a package with C code. Such a package often compiles without it (CGO_ENABLED=0), and
# tells that it does not work when it is used.
set -eu
[ -s go.sum ] || exit 0 # no dependency
optional=docker/optional-native.txt
[ -e "$optional" ] || optional=/dev/null
imported=$(go list -deps -e -f '{% raw %}{{.Standard}} {{.ImportPath}}{% endraw %}' . | sed -n 's/^false //p')
# shellcheck disable=SC2086 # one word for each package
CGO_ENABLED=1 go list -e -f '{% raw %}{{.CgoFiles}} {{.ImportPath}}{% endraw %}' $imported |
    sed -n '/^\[\] /d; s/^.*\] //p' |
    while read -r package; do
        while read -r pattern; do
            # shellcheck disable=SC2254 # a pattern it is
            case $package in ${pattern:-#}) continue 2 ;; esac
        done <"$optional"
        echo "cgo: $package has C code, and the static binary is made without a C compiler: take a package in pure Go. If the service does without that code, add the line $package to docker/optional-native.txt." >&2
        exit 1
    done
