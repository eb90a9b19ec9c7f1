#!/bin/sh
# Part of the template: an update replaces it.
# Locks the dependencies that pyproject.toml names. To add one:
#
#     uv add --frozen httpx
#     sh docker/tools/lock.sh
#
# With --upgrade, every locked version moves to the newest that pyproject.toml allows.
set -eu
cd "$(dirname "$0")/../.."
# Options are written with "=": Renovate repeats these commands as the locked files tell them.
uv pip compile --quiet --python-version=3.13 "$@" pyproject.toml --output-file=requirements.txt
# The same versions and the tools for tests: what is tested is what is shipped.
uv pip compile --quiet --python-version=3.13 "$@" pyproject.toml --group=dev --constraints=requirements.txt --output-file=requirements-dev.txt
# A folder of the repository is named relative to it, so that the lock holds on every machine.
for lock in requirements.txt requirements-dev.txt; do
    sed "s|file://$PWD/|./|" "$lock" >"$lock.new" && cat "$lock.new" >"$lock" && rm "$lock.new"
done
