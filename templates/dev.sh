#!/bin/sh
# Runs a program for the edit loop, and again after every save, of which compose.yaml tells by SIGHUP. What fails is said
# once. Part of the template: an update replaces it.
trap 'saved=yes; kill $! 2>/dev/null' HUP
trap 'kill $! 2>/dev/null; wait $!; exit' TERM INT

# `wait` also returns for a signal.
ended() {
    while kill -0 $! 2>/dev/null; do wait $! 2>/dev/null; done
}

while :; do
    saved=
    "$@" &
    ended
    if [ -z "$saved" ]; then
        echo "dev: it has ended; the next save starts it again." >&2
        sleep 2147483647 &
        ended
    fi
done
