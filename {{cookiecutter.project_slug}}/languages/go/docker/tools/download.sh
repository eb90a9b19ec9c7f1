#!/bin/sh
# Downloads the modules that go.mod names. Part of the template: an update replaces it.
#
# They are kept in a cache mount and copied from there into the layer: nothing that a later stage runs can
# change what the next build takes.
set -eu
[ ! -e vendor/modules.txt ] || exit 0 # the repository has them

help() {
    ! grep -q "$1" /tmp/log || echo "download: $2." >&2
}
if ! GOMODCACHE=/cache go mod download 2>/tmp/log; then
    cat /tmp/log >&2
    help '"git": executable file not found' "a module is fetched with git, which this build image does not have: take it from a module proxy (secret registry), commit vendor/ (go mod vendor), or add RUN apk add --no-cache git above this step in stage deps"
    help 'replacement directory .* does not exist' "a folder that go.mod or go.work names is not in the build context: it has to be inside of this repository, and .dockerignore must not name it"
    exit 1
fi
cat /tmp/log >&2
rm /tmp/log
GOPROXY=file:///cache/cache/download GONOPROXY=none GONOSUMDB='*' go mod download 2>/dev/null
