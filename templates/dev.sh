#!/bin/sh
# Runs a program for the edit loop and outlives it: what fails is said once, and the container is there for the next save,
# after which compose restarts it. Part of the template: an update replaces it.
"$@" &
trap 'kill $! 2>/dev/null; wait $! 2>/dev/null; exit' TERM INT
wait $!
echo "dev: it has ended; the next save starts it again." >&2
sleep 2147483647 &
wait
