#!/bin/sh
# Locks the dependencies that pyproject.toml names. Part of the template: an update replaces it. To add one:
#
#     uv add --frozen httpx
#     sh docker/tools/lock.sh
#
# With --upgrade, every locked version moves to the newest that pyproject.toml allows.
set -eu
cd "$(dirname "$0")/../.."
# Options are written with "=": Renovate repeats these commands as the locked files tell them.
uv pip compile --quiet --python-version=3.13 "$@" pyproject.toml --output-file=requirements.txt
# A folder of this repository is named relative to it, so that the lock holds on every machine.
# uv writes some as a bare path: what has no version.
relative() {
    sed -e "s|file://$PWD/|./|" -e '/==/b' -e '/ @ /b' -e '/^-e file:/b' \
        -e 's|^\(-e \)\{0,1\}\([[:alnum:]_]\)|\1./\2|' "$1" >"$1.new" && cat "$1.new" >"$1" && rm "$1.new"
}
relative requirements.txt
# The same versions and the tools for tests: what is tested is what is shipped. uv takes no folder as a constraint.
cp requirements.txt requirements.txt.whole
grep -v '^\(-e \)\{0,1\}\./' requirements.txt.whole >requirements.txt
uv pip compile --quiet --python-version=3.13 "$@" pyproject.toml --group=dev --constraints=requirements.txt --output-file=requirements-dev.txt
mv requirements.txt.whole requirements.txt
relative requirements-dev.txt
