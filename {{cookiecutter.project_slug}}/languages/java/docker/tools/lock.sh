#!/bin/sh
# Records the checksum of whatever Maven downloads for pom.xml. Part of the template: an update replaces it.
# Once docker/checksums.sha256 is there, a build takes nothing else; a change of pom.xml takes another run:
#
#     sh docker/tools/lock.sh [OPTIONS]     those of `docker build`, such as --secret id=registry,src=settings.xml
set -eu
cd "$(dirname "$0")/../.."
image={{ cookiecutter.project_slug }}-deps
rm -f docker/checksums.sha256 # git shows what is another one now
# An empty cache: what is recorded comes from the registry.
docker build --quiet --target deps --tag "$image" --build-arg "BUILDKIT_CACHE_MOUNT_NS=lock-$$" "$@" . >/dev/null
docker run --rm "$image" sh -euc \
    "cd /maven/repository && find . -name '*.jar' -o -name '*.pom' | sed 's|^\./||' | sort | xargs sha256sum" \
    >docker/checksums.sha256
