#!/bin/sh
# Compiles the service, a static binary, to OUTPUT. Part of the template: an update replaces it.
#
#     build.sh OUTPUT
set -eu
output=$1
export GOPROXY=off GOOS="$TARGETOS" GOARCH="$TARGETARCH"
{% if cookiecutter.runtime_base == "distroless" %}
tags=${TAGS:-}
{% else %}
tags=timetzdata,${TAGS:-} # {{ cookiecutter.runtime_base }} has no time zones, so they are embedded (0.4 MB)
{% endif %}

fail() {
    echo "build: $1." >&2
    exit 1
}

# The folders of all main packages, relative to this one.
mains() {
    go list -e -tags "$tags" -f '{% raw %}{{.Name}} {{.Dir}}{% endraw %}' ./... | sed -n "s|^main $PWD\$|.|p; s|^main $PWD/|./|p"
}

# The service is the main package at the top, else cmd/ and the service's name, else the only one in cmd/, else the only one.
service() {
    found=$(mains)
    for pattern in '\.' '\./cmd/{{ cookiecutter.project_slug }}' '\./cmd/[^/]*' '.*'; do
        main=$(echo "$found" | grep -x "$pattern") || continue
        [ "$(echo "$main" | wc -l)" -eq 1 ] ||
            fail "there are several main packages ($(echo "$main" | xargs)): say which one is the service, with --build-arg MAIN=$(echo "$main" | head -n 1) or as the default of ARG MAIN in the Dockerfile"
        [ -n "$main" ] || continue
        echo "$main"
        return
    done
    go list ./... >&2 || true
    fail "there is no main package in this module: say where it is, as the default of ARG MAIN in the Dockerfile"
}

MAIN=${MAIN:-$(service)}
static packages "$MAIN" "$tags"
set=''
for name in version Version; do set="$set -X main.$name=$VERSION"; done
for name in revision Revision commit Commit; do set="$set -X main.$name=$REVISION"; done
go build -trimpath -buildvcs=false -tags "$tags" -ldflags "-s -w$set" -o "$output" "$MAIN" || {
    static hint "$MAIN" "$tags"
    exit 1
}
static binary "$output" "$MAIN" "$tags"
