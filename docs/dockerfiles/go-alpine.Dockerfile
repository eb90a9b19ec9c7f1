# syntax=docker/dockerfile:1
# check=error=true

# Where there are several main packages: which one is the service, for example ./cmd/api. TAGS: build tags, separated by commas.
ARG MAIN="" TAGS=""

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# The modules, downloaded again only when go.mod or go.sum changes. They are in this layer: later stages need
# neither a network nor a secret. --platform: Go cross-compiles, so no stage is ever emulated.
FROM --platform=$BUILDPLATFORM golang:1.27-alpine3.24 AS deps
WORKDIR /app
ENV CGO_ENABLED=0
# Also those of modules that `replace` or go.work name by a folder; with vendor/, nothing is downloaded.
COPY --parents ./**/go.mod ./**/go.sum ./go.work* ./vendor/modules.txt* ./
# The secrets, where there are any, leave nothing in the layer: `ca` is the company's CA bundle,
# `registry` the settings of its module proxy (a file of `go env`).
RUN --mount=type=cache,id=acme/hello-service/modules,target=/cache \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.config/go/env \
    --mount=type=bind,from=tools,target=/tools \
    sh /tools/build.sh download

FROM deps AS test
COPY --from=golangci/golangci-lint:v2.15.0-alpine /usr/bin/golangci-lint /usr/local/bin/
COPY . .
# The tests of a pull request may write anything to this cache, so no other stage reads it.
RUN --mount=type=cache,id=acme/hello-service/test,target=/root/.cache \
    go list -m -f '{{.Dir}}/...' >/tmp/modules && xargs golangci-lint run </tmp/modules && go vet work && go test work

FROM deps AS build
RUN --mount=type=cache,id=acme/hello-service/build,target=/root/.cache/go-build \
    --mount=type=bind,from=tools,target=/tools \
    go build -o /usr/local/bin/ /tools/smoke-test.go && go build -o /usr/local/bin/ /tools/static.go
COPY . .
ARG TARGETOS TARGETARCH
ARG MAIN TAGS
# Set as main.version and main.revision, if the service has such variables.
ARG VERSION=0.0.0-dev REVISION=unknown
# More for the linker, such as -X example.com/module/internal/version.Version=$VERSION.
ARG LDFLAGS=""
# The compiler's cache is mounted: an edit compiles what it changed, not the standard library.
RUN --mount=type=cache,id=acme/hello-service/build,target=/root/.cache/go-build \
    --mount=type=bind,from=tools,target=/tools \
    sh /tools/build.sh compile /out/server

# For the edit loop (compose.yaml), which copies saved files in and starts the service again: it compiles and starts.
FROM deps AS dev
COPY --from=tools dev.sh build.sh /usr/local/bin/
RUN install -d -o 65532 -g 65532 /var/cache/go-build && chown 65532:65532 .
COPY --chown=65532:65532 . .
ARG MAIN TAGS
ENV MAIN=$MAIN TAGS=$TAGS GOCACHE=/var/cache/go-build PORT=8080 HOME=/tmp
USER 65532:65532
ENTRYPOINT ["sh", "/usr/local/bin/dev.sh", "sh", "/usr/local/bin/build.sh", "start"]

# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
# Kinds of files by their names, as most systems know them: Alpine has none.
RUN --mount=type=bind,from=alpine:3.24,target=/from \
    --mount=type=bind,from=gcr.io/distroless/static-debian13:nonroot,target=/static \
    mkdir -p /rootfs/app /rootfs/etc && \
    cp -L /static/etc/mime.types /rootfs/etc/ && \
    { cat /from/etc/passwd && echo "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin"; } >/rootfs/etc/passwd && \
    { cat /from/etc/group && echo "nonroot:x:65532:"; } >/rootfs/etc/group

FROM alpine:3.24 AS base
COPY --link --from=rootfs /rootfs /
WORKDIR /app

# The project without sources and files for building. Everything else in the repository is in the image, at the same
# path.
FROM scratch AS project
COPY --chmod=u=rwX,go=rX --exclude=**/*.go --exclude=**/*.s --exclude=**/go.mod --exclude=**/go.sum --exclude=go.work* \
    --exclude=vendor --exclude=**/testdata --exclude=docker --exclude=.golangci.* --exclude=*.md . /app
COPY --from=build /out/server /app/bin/server

FROM base AS runtime-dependencies
# HOME: the only writable directory of a read-only container.
ENV PORT=8080 HOME=/tmp
EXPOSE 8080
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
    CMD ["/app/bin/server", "healthcheck"]
ENTRYPOINT ["/app/bin/server"]

# Starts the service as production does, where this builder's processor can run it. It is a copy of the image, because
# a stage of another platform cannot run a program of this one.
FROM --platform=$BUILDPLATFORM scratch AS smoke-test
# Copying all of / is intended.
# hadolint ignore=DL3067
COPY --link --from=runtime-dependencies / /
COPY --link --from=project /app /app
ENV PORT=8080 HOME=/tmp
WORKDIR /app
USER 65532:65532
ARG TARGETARCH
# Without a network, loopback aside: builds side by side on a builder do not share ports, and no dependency calls out.
RUN --network=none \
    --mount=type=bind,from=build,source=/usr/local/bin/smoke-test,target=/smoke-test \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=tmpfs,target=/tmp \
    ["/smoke-test", "/app/bin/server"]

FROM runtime-dependencies AS runtime
COPY --link --from=smoke-test /app /app
