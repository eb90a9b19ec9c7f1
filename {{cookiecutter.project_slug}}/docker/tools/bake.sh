#!/bin/sh
# Part of the template: an update replaces it.
# `docker buildx bake TARGET...` with version, revision and time taken from git, so that nothing depends on when it runs.
set -eu
cd "$(dirname "$0")/../.."

# Before the first commit there is nothing to take.
if git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    VERSION=${VERSION:-$(git describe --tags --always --dirty)}
    REVISION=${REVISION:-$(git rev-parse HEAD)}
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
    export VERSION REVISION SOURCE_DATE_EPOCH
fi
# Bake asks before it reads what is outside of this folder.
exec docker buildx bake ${CA_BUNDLE:+"--allow=fs.read=$CA_BUNDLE"} ${REGISTRY_SETTINGS:+"--allow=fs.read=$REGISTRY_SETTINGS"} "$@"
