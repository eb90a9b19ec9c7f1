# Debian has no package of it. buildctl is what buildx speaks through to a builder in a container.
ARG GOLANG=golang
ARG DEBIAN=debian
FROM $GOLANG AS build
ARG BUILDKIT
# Built inside the module, because its go.mod excludes versions and `go install` takes no such module.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    go mod download "github.com/moby/buildkit@$BUILDKIT" && cd "$(go env GOMODCACHE)/github.com/moby/buildkit@$BUILDKIT" && \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X github.com/moby/buildkit/version.Version=$BUILDKIT" -o /out/ ./cmd/buildkitd ./cmd/buildctl

FROM $DEBIAN
ARG BUILDKIT
LABEL slim-templates.stand-in="BuildKit $BUILDKIT compiled from the Go module, with Debian's runc"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates git runc && \
    rm -rf /var/lib/apt/lists/* && ln -s /usr/sbin/runc /usr/bin/buildkit-runc
COPY --from=build /out/ /usr/bin/
VOLUME /var/lib/buildkit
ENTRYPOINT ["buildkitd"]
