#!/bin/sh
# What the code of a pull request may do in a test: it overwrites every file of every mount that it may write to, cache
# mounts among them. It tells the log of the build which these were, because package managers keep quiet about tests.
set -eu
poisoned=
while read -r _ _ _ _ folder _; do
    case $folder in / | /dev* | /proc* | /sys*) continue ;; esac
    # shellcheck disable=SC2016  # the inner shell's own
    written=$(find "$folder" -mindepth 1 -type f \
        -exec sh -c 'for file; do { echo POISON >"$file"; } 2>/dev/null && echo "$file"; done' sh {} + | wc -l)
    [ "$written" = 0 ] || poisoned="$poisoned $folder"
done </proc/self/mountinfo
echo "poisoned:$poisoned." >/proc/1/fd/2
