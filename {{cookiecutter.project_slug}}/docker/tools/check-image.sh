#!/bin/sh
# Part of the template: an update replaces it.
# Checks an image: its size, a user without rights, health and answers in a hardened container, a clean exit.
#
#     docker/tools/check-image.sh IMAGE [BASELINE]     BASELINE: an image to compare the layers with, if it can be pulled
#
# docker/limits.env has the limits, docker/smoke-test.txt the requests, docker/smoke-test.env the settings, if
# there are any. Needs curl.
set -eu
image=$1 baseline=${2:-}
cd "$(dirname "$0")/.."
# shellcheck source=/dev/null
. ./limits.env

work=$(mktemp -d)
container=
trap 'rm -rf "$work"; [ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null' EXIT

fail() {
    echo "check-image: $image $*" >&2
    exit 1
}

# "BYTES INSTRUCTION" for each layer, the lowest first. BYTES is the sum of its files: what `docker images` calls
# size depends on the engine's store.
layers() (
    mkdir "$work/$2"
    # By its id: a name without a tag would mean all the tags there are.
    docker image save "$(docker image inspect --format '{% raw %}{{.Id}}{% endraw %}' "$1")" | tar -xf - -C "$work/$2"
    cd "$work/$2"
    config=$(sed 's/.*"Config":"\([^"]*\)".*/\1/' manifest.json)
    layers=$(sed 's/.*"Layers":\["\([^]]*\)"\].*/\1/; s/","/ /g' manifest.json)
    { cat "$config" && echo; } | sed 's/{"created"/\
&/g' | sed -n '/"empty_layer":true/d; s/.*"created_by":"\(\([^"\\]\|\\.\)*\)".*/\1/p' >instructions
    # A base may have more layers than instructions; what was laid on top has one each.
    unnamed=$(($(echo "$layers" | wc -w) - $(wc -l <instructions)))
    for layer in $layers; do
        instruction="base image"
        if [ "$unnamed" -gt 0 ]; then unnamed=$((unnamed - 1)); else read -r instruction <&3; fi
        { gzip -dc "$layer" 2>/dev/null || cat "$layer"; } | tar -tvf - |
            awk -v instruction="$instruction" '{ sum += $2 ~ "/" ? $3 : $5 } END { print sum + 0, instruction }'
    done 3<instructions
)

docker image inspect "$image" >/dev/null 2>&1 || fail "is not on this machine"
[ -z "$baseline" ] || docker image inspect "$baseline" >/dev/null 2>&1 || docker pull --quiet "$baseline" || baseline=
layers "$image" now >"$work/now.txt"
: >"$work/was.txt"
[ -z "$baseline" ] || layers "$baseline" was >"$work/was.txt"
awk -v budget="$SIZE_MB" -v baseline="$baseline" '
    { bytes = $1; $1 = ""; layer = substr($0, 2, 90) }
    FILENAME ~ /was/ { was[layer] += bytes; next }
    !(layer in now) { order[++n] = layer }
    { now[layer] += bytes; sum += bytes }
    END {
        print "    MB" (baseline ? "    grown" : "") "  layer"
        for (i = 1; i <= n; i++) {
            layer = order[i]
            grown = now[layer] - was[layer]
            printf "%6.2f", now[layer] / 1e6
            if (baseline) printf "%9.2f", grown / 1e6
            print "  " layer
            if (grown > most) { most = grown; culprit = layer }
        }
        printf "%6.2f  of %s MB\n", sum / 1e6, budget
        if (sum <= budget * 1e6) exit
        printf "check-image: %.2f MB over the budget in docker/limits.env. ", sum / 1e6 - budget
        print (baseline && most > 0 ? "Grown most" : "Largest") ": " culprit
        exit 1
    }' "$work/was.txt" "$work/now.txt" >"$work/report" || over=yes
cat "$work/report"
[ -z "${over:-}" ] || fail "is too large"

case $(docker image inspect --format '{% raw %}{{.Config.User}}{% endraw %}' "$image") in
    [1-9]*:[1-9]*) ;;
    *) fail "has no numeric USER other than root" ;;
esac

skipped=$(sed -n 's/^skip  *//p' smoke-test.txt)
if [ -n "$skipped" ]; then
    echo "not started: $skipped"
    exit
fi

settings=
[ ! -e smoke-test.env ] || settings=--env-file=smoke-test.env
container=$(docker run --detach --init --read-only --tmpfs {{ languages[cookiecutter.language].tmpfs }} --cap-drop ALL --security-opt no-new-privileges \
    --memory "${MEMORY_MB}m" ${settings:+"$settings"} --publish 127.0.0.1::{{ cookiecutter.port }} "$image")
state() { docker inspect --format "{% raw %}{{.State.$1}}{% endraw %}" "$container"; }
seconds=0
until [ "$(state Health.Status)" = healthy ]; do
    seconds=$((seconds + 1))
    if [ "$seconds" -gt 60 ] || [ "$(state Running)" = false ]; then
        docker logs "$container" >&2
        fail "is not healthy after $seconds s in $MEMORY_MB MB: settings belong in docker/smoke-test.env, the limit is in docker/limits.env"
    fi
    sleep 1
done
echo "healthy, read-only, without capabilities, in $MEMORY_MB MB"

address=$(docker port "$container" {{ cookiecutter.port }}/tcp)
while read -r path status text; do
    case $path in '' | '#'*) continue ;; esac
    answer=$(curl --silent --show-error --max-time 30 --write-out '\n%{http_code}' "http://$address$path" || true)
    case $answer in
        *"$text"*"
$status") echo "GET $path: $status" ;;
        *)
            docker logs "$container" >&2
            fail "answers GET $path with: $answer; docker/smoke-test.txt expects $status $text" ;;
    esac
done <smoke-test.txt

docker stop --time 10 "$container" >/dev/null
case $(state ExitCode) in
    0{% for code in languages[cookiecutter.language].exit_codes if code %} | {{ code }}{% endfor %}) echo "stopped by SIGTERM" ;;
    *) fail "ended with $(state ExitCode) on SIGTERM" ;;
esac
