# syntax=docker/dockerfile:1
# check=error=true

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# Dependencies, installed once for as long as package-lock.json stays the same: in /tools all of them,
# for this machine; in /app those of production only, for the machine that the image is for.
# --platform: npm installs for a foreign platform, and a bundle has none, so neither is ever emulated.
FROM --platform=$BUILDPLATFORM node:26-alpine3.24 AS deps
# npm asks for nothing but packages.
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
WORKDIR /tools
COPY package.json package-lock.json .npmrc ./
# The secrets, where there are any, leave nothing in the layer: `ca` is the company's CA bundle,
# `registry` an .npmrc with its registry.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.npmrc \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund || \
    { echo "deps: where it says gyp ERR! above, a package was to be compiled, and this image lacks a compiler: take a release that brings its binary, or install what it asks for in stage deps (RUN apk add ...)." >&2; exit 1; }
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
ARG TARGETARCH
ARG CPU=${TARGETARCH/amd64/x64}
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.npmrc \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund \
        --omit=dev --os=linux --cpu=$CPU --libc=musl && \
    # Also where there is nothing to install.
    mkdir -p node_modules

FROM deps AS test
WORKDIR /tools
COPY . .
RUN npm run lint && npm test

# A bundle does not tell what is in it: this is where a bill of materials finds the packages that ship.
FROM scratch AS packages
ARG BUILDKIT_SBOM_SCAN_STAGE=true
COPY --link --from=deps /app/node_modules /app/node_modules

FROM deps AS build
COPY src src
RUN --mount=type=bind,from=tools,source=/build.mjs,target=/tools/docker/tools/build.mjs \
    --mount=type=bind,from=packages,source=/app/node_modules,target=/app/node_modules \
    node /tools/docker/tools/build.mjs /out

# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
RUN --mount=type=bind,from=alpine:3.24,target=/from \
    mkdir -p /rootfs/etc && \
    { cat /from/etc/passwd && echo "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin"; } >/rootfs/etc/passwd && \
    { cat /from/etc/group && echo "nonroot:x:65532:"; } >/rootfs/etc/group

FROM alpine:3.24 AS base
COPY --link --from=rootfs /rootfs /

FROM node:26-alpine3.24 AS node

# The official binary carries a debugger's symbols, and no image of Node a tool to take them off.
FROM --platform=$BUILDPLATFORM debian:trixie-slim AS stripped
# A pinned version would be gone from Debian's mirrors with the next one; strip works in any.
# hadolint ignore=DL3008
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    apt-get update && apt-get install -y --no-install-recommends binutils-multiarch && rm -rf /var/lib/apt/lists/*
RUN --mount=type=bind,from=node,source=/usr/local/bin/node,target=/node \
    strip --strip-all -o /usr/local/bin/node /node

# The shared libraries that node and the native add-ons need and the base lacks.
FROM node AS native-libraries
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=bind,from=base,target=/base \
    --mount=type=bind,from=build,source=/out/node_modules,target=/app/node_modules \
    sh /tools/native-libraries.sh /native-libraries /base /usr/local/bin/node /app/node_modules

FROM base AS runtime-dependencies
COPY --link --from=native-libraries /native-libraries /
COPY --link --from=stripped /usr/local/bin/node /usr/local/bin/node
COPY --link --from=build /out/node_modules /app/node_modules

# A module or library that is missing stops the build, not production.
FROM runtime-dependencies AS smoke-test
COPY --link --from=build /out/dist /app/dist
USER 65532:65532
RUN --mount=type=bind,from=tools,target=/tools ["/usr/local/bin/node", "/tools/smoke-test.mjs"]

FROM runtime-dependencies AS runtime
COPY --link --from=smoke-test /app/dist /app/dist
# NODE_OPTIONS=--enable-source-maps at run time: stack traces name the sources, for 40 MB of memory.
# TZ: what it is without a setting, said because node else compares all zones there are to find out.
ENV NODE_ENV=production TZ=UTC
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
    CMD ["/usr/local/bin/node", "/app/dist/main.mjs", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/main.mjs"]
