# syntax=docker/dockerfile:1
# check=error=true

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# Dependencies, downloaded once for as long as go.mod and go.sum stay the same.
# --platform: Go cross-compiles, so no stage is ever emulated.
FROM --platform=$BUILDPLATFORM golang:1.27-alpine3.24 AS deps
WORKDIR /src
ENV CGO_ENABLED=0
COPY go.mod go.sum* ./
# The secrets, where there are any, leave nothing in the layer: `ca` is the company's CA bundle,
# `registry` the settings of its module proxy (a file of `go env`).
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.config/go/env \
    go mod download

FROM deps AS test
COPY --from=golangci/golangci-lint:v2.15.0-alpine /usr/bin/golangci-lint /usr/local/bin/
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.config/go/env \
    golangci-lint run && go vet ./... && go test ./...

FROM deps AS build
COPY . .
ARG TARGETOS TARGETARCH
# The compiler's cache is mounted: an edit compiles what it changed, not the standard library.
# timetzdata: alpine has no time zones, so they are embedded (0.4 MB).
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.config/go/env \
    --mount=type=bind,from=tools,target=/tools \
    export GOOS="$TARGETOS" GOARCH="$TARGETARCH" && sh /tools/cgo.sh && \
    go build -trimpath -buildvcs=false -ldflags="-s -w" -tags=timetzdata -o /out/server .

# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
RUN --mount=type=bind,from=alpine:3.24,target=/from \
    mkdir -p /rootfs/etc && \
    { cat /from/etc/passwd && echo "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin"; } >/rootfs/etc/passwd && \
    { cat /from/etc/group && echo "nonroot:x:65532:"; } >/rootfs/etc/group

FROM alpine:3.24 AS base
COPY --link --from=rootfs /rootfs /

FROM base AS runtime
COPY --link --from=build /out/server /app/server
# HOME: the one place that is writable in a read-only container.
ENV PORT=8080 HOME=/tmp
EXPOSE 8080
WORKDIR /app
# A number, because Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532

ARG VERSION=0.0.0-dev REVISION=unknown
LABEL org.opencontainers.image.title="hello-service" \
      org.opencontainers.image.source="https://github.com/acme/hello-service" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="LicenseRef-Proprietary" \
      org.opencontainers.image.base.name="docker.io/library/alpine:3.24"

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["/app/server", "healthcheck"]
ENTRYPOINT ["/app/server"]
