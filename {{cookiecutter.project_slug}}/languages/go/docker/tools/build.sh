#!/bin/sh
# Downloads the modules, and compiles the service. Part of the template: an update replaces it.
#
#     build.sh download
#     build.sh compile OUTPUT     as a static binary
#     build.sh start              for the edit loop: compiles without what makes it small or proves it, and starts it
set -eu

fail() {
    echo "build: $1." >&2
    exit 1
}

# Modules are kept in a cache mount and copied from there into the layer: nothing that a later stage runs can change what
# the next build takes.
download() {
    if [ ! -e go.mod ] && [ ! -e go.work ]; then
        folders=$(find . -name go.mod | sed 's|/go.mod$||' | sort | xargs)
        fail "there is no go.mod at the top of the repository: write it (go mod init)${folders:+, or a go.work that names the folders of the modules (go work init $folders)}"
    fi
    [ ! -e vendor/modules.txt ] || return 0 # the repository has them
    if ! GOMODCACHE=/cache go mod download 2>/tmp/log; then
        cat /tmp/log >&2
        help '"git": executable file not found' "a module is fetched with git, which this build image does not have: take it from a module proxy (secret registry), commit vendor/ (go mod vendor), or add RUN apk add --no-cache git above this step in stage deps"
        help 'requires go >= ' "this build image has an older Go: name a newer one where the Dockerfile says FROM ... AS deps, or ask for an older one in go.mod"
        help 'replacement directory .* does not exist\|listed in go.work file' "a folder that go.mod or go.work names is not in the build context: it has to be inside of this repository, and .dockerignore must not name it"
        exit 1
    fi
    rm /tmp/log
    GOPROXY=file:///cache/cache/download GONOPROXY=none GONOSUMDB='*' go mod download
}

# If the log has $1, say $2.
help() {
    ! grep -q "$1" /tmp/log || echo "build: $2." >&2
}

# The folders of all main packages, relative to this one: those of the module, or of the modules in go.work.
mains() {
    go list -e -tags "$tags" -f '{% raw %}{{.Name}} {{.Dir}}{% endraw %}' work | sed -n "s|^main $PWD\$|.|p; s|^main $PWD/|./|p"
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
    go list work >&2 || true
    fail "there is no main package in this module: say where it is, as the default of ARG MAIN in the Dockerfile"
}

{% if cookiecutter.runtime_base == "distroless" %}
tags=${TAGS:-}
{% else %}
tags=timetzdata,${TAGS:-} # {{ cookiecutter.runtime_base }} has no time zones, so they are embedded (0.4 MB)
{% endif %}

compile() {
    export GOPROXY=off GOOS="$TARGETOS" GOARCH="$TARGETARCH"
    [ ! -e docker/packages.txt ] ||
{% if cookiecutter.runtime_base == "alpine" %}
        fail "docker/packages.txt is not read: a static binary needs no libraries. For a program that the service runs, or a file that it reads, add RUN apk add --no-cache NAME to stage base of the Dockerfile"
{% else %}
        fail "docker/packages.txt is not read: a static binary needs no libraries. A service that runs programs needs a base that has a package manager"
{% endif %}
    MAIN=${MAIN:-$(service)}
    static packages "$MAIN" "$tags"
    set=''
    for name in version Version; do set="$set -X main.$name=$VERSION"; done
    for name in revision Revision commit Commit; do set="$set -X main.$name=$REVISION"; done
    # No -trimpath: what runtime.Caller says is the file's place below /app, where its neighbours are in the image.
    if ! go build -buildvcs=false -tags "$tags" -ldflags "-s -w$set $LDFLAGS" -o "$1" "$MAIN" 2>/tmp/log; then
        cat /tmp/log >&2
        help 'no matching files found' "what //go:embed names is not in the build context: if .dockerignore names it, the line !PATH at its end lets it in"
        help "provides package $(go list -m 2>/dev/null | head -n 1)/" "a package of this module is not in the build context: if .dockerignore names its folder, the line !FOLDER at its end lets it in"
        help 'exclude all Go files in /usr/local/go/' "a package of the standard library is an experiment: add the line ENV GOEXPERIMENT=NAME to stage deps of the Dockerfile"
        help 'invalid reference to ' "a package uses what is private in another one (go:linkname), which the linker allows with --build-arg LDFLAGS=-checklinkname=0"
        static hint "$MAIN" "$tags"
        exit 1
    fi
    cat /tmp/log >&2
    static binary "$1" "$MAIN" "$tags"
}

start() {
    export GOPROXY=off
    go build -buildvcs=false -tags "$tags" -o /tmp/server "${MAIN:-$(service)}"
    exec /tmp/server
}

"$@"
