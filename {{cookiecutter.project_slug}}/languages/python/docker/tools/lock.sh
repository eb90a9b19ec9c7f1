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
# What the pyproject.toml of a fresh service has, and that of a project that moved in may lack.
lacks() {
    printf 'lock: pyproject.toml lacks these lines, %s. Add them, and lock again:\n%s\n' "$1" "$2" >&2
    exit 1
}
if grep -q '==' requirements.txt && ! grep -q -e '--hash=' requirements.txt; then
    lacks 'so that requirements.txt has no checksums' "
[tool.uv.pip]
universal = true
generate-hashes = true
emit-index-url = false"
fi
grep -q '^\[dependency-groups\]' pyproject.toml || lacks 'which name the tools of stage test' '
[dependency-groups]
dev = ["mypy", "pytest", "ruff"]'
# A folder of this repository is named relative to it, so that the lock holds on every machine.
# uv writes some as a bare path: what has no version.
relative() {
    sed -e "s|file://$PWD/|./|" -e '/==/b' -e '/ @ /b' -e '/^-e file:/b' \
        -e 's|^\(-e \)\{0,1\}\([[:alnum:]_]\)|\1./\2|' "$1" >"$1.new" && cat "$1.new" >"$1" && rm "$1.new"
}
relative requirements.txt
# The same versions and the tools for tests: what is tested is what is shipped. uv takes no path as a constraint.
cp requirements.txt requirements.txt.whole
trap 'mv -f requirements.txt.whole requirements.txt' EXIT
awk '/^(-e )?\.\// { ours = 1 } !ours { print } !/\\$/ { ours = 0 }' requirements.txt.whole >requirements.txt
uv pip compile --quiet --python-version=3.13 "$@" pyproject.toml --group=dev --constraints=requirements.txt --output-file=requirements-dev.txt
relative requirements-dev.txt
