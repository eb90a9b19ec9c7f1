#!/bin/sh
# Runs a program for the edit loop, and again after every save, of which compose.yaml tells by SIGHUP. What fails is said
# once. Part of the template: an update replaces it.
#
# The program is a session: a package manager ends at a signal, and the service that it has started does not.
trap 'saved=yes; stop' HUP
trap 'stop; ended; exit' TERM INT

stop() { kill -- -$! 2>/dev/null; }

# `wait` also returns for a signal, and before the rest of the session has ended.
ended() {
    while kill -0 $! 2>/dev/null || kill -0 -- -$! 2>/dev/null; do
        wait $! 2>/dev/null
        sleep 0.02
    done
}

while :; do
    saved=
    setsid "$@" &
    ended
    if [ -z "$saved" ]; then
        echo "dev: it has ended; the next save starts it again." >&2
        setsid sleep 2147483647 &
        ended
    fi
done
