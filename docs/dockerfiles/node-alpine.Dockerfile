# syntax=docker/dockerfile:1
# check=error=true

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# The files that a package manager reads. Packages are installed again only when one of them changes.
FROM scratch AS manifests
COPY --parents package.json *lock* npm-shrinkwrap.json* .npmrc* .yarn* .pnpmfile* pnpm-workspace.yaml* **/package.json **/*.patch **/*.tgz /

# All packages, development tools included, for the machine that builds.
FROM --platform=$BUILDPLATFORM node:26-alpine3.24 AS deps
ENV NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_CACHE=/root/.cache/npm
WORKDIR /app
COPY --from=manifests / ./
# The secrets, where there are any, leave nothing in the layer: `ca` is the company's CA bundle,
# `registry` an .npmrc with its registry. No code of a package runs while they are there.
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=cache,id=acme/hello-service/npm,target=/root/.cache \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.npmrc \
    node /tools/packages.mjs fetch
RUN --mount=type=bind,from=tools,target=/tools node /tools/packages.mjs scripts

FROM deps AS test
COPY . .
RUN --mount=type=bind,from=tools,target=/tools node /tools/packages.mjs project
RUN npm run lint && npm test

# The packages of production, for the image's architecture: npm installs for another one, and nothing is emulated.
FROM deps AS production
WORKDIR /production
COPY --from=manifests / ./
ARG TARGETARCH
ARG CPU=${TARGETARCH/amd64/x64}
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=cache,id=acme/hello-service/npm,target=/root/.cache \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.npmrc \
    node /tools/packages.mjs fetch $CPU musl
RUN --mount=type=bind,from=tools,target=/tools node /tools/packages.mjs scripts $CPU

FROM deps AS build
COPY . .
ARG TARGETARCH
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,from=production,source=/production,target=/production \
    node /tools/packages.mjs project && node --no-warnings /tools/build.mjs /production /out

# For the edit loop (compose.yaml), which copies saved files in and starts the service again.
FROM deps AS dev
COPY --from=tools dev.sh /usr/local/bin/
COPY --chown=65532:65532 . .
RUN --mount=type=bind,from=tools,target=/tools node /tools/packages.mjs project && chown 65532:65532 .
ENV PORT=8080 HOME=/tmp
USER 65532:65532
ENTRYPOINT ["sh", "/usr/local/bin/dev.sh", "npm", "--silent", "start"]

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

FROM node:26-alpine3.24 AS node

# The official binary contains symbols for debuggers, and no image of Node has a tool to strip them.
FROM --platform=$BUILDPLATFORM debian:trixie-slim AS stripped
# Not pinned: Debian's mirrors drop a version when the next one appears, and any version of strip will do.
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
    --mount=type=bind,from=build,source=/out/dependencies,target=/app \
    sh /tools/native-libraries.sh /native-libraries /base /usr/local/bin/node /app

FROM base AS runtime-dependencies
COPY --link --from=native-libraries /native-libraries /
COPY --link --from=stripped /usr/local/bin/node /usr/local/bin/node
COPY --link --from=build /out/lib /usr/local/lib
COPY --link --from=build --chmod=u=rwX,go=rX /out/dependencies /app

# Starts the service as production does; the build fails where something is missing or an answer is not as expected.
FROM runtime-dependencies AS smoke-test
COPY --link --from=build --chmod=u=rwX,go=rX /out/project /app
ENV NODE_ENV=production TZ=UTC HOME=/tmp
USER 65532:65532
# Without a network, loopback aside: builds side by side on a builder do not share ports, and no dependency calls out.
RUN --network=none \
    --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=tmpfs,target=/tmp \
    ["/usr/local/bin/node", "/tools/smoke-test.mjs", "--max-old-space-size-percentage=50", "--require=/usr/local/lib/typescript/typescript.cjs", "/app"]

FROM runtime-dependencies AS runtime
# TZ: UTC is the default; without the variable, node compares all files of time zones to find that out.
ENV NODE_ENV=production TZ=UTC
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

COPY --link --from=smoke-test --exclude=**/node_modules /app /app
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["/usr/local/bin/node", "--eval", "require('http').get({ host: '127.0.0.1', port: process.env.PORT || 8080, path: '/healthz' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))"]
# The heap gets half of the container's memory; in a small container node's default is more than there is.
# /app: the file that package.json names as "main".
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=50", "--require=/usr/local/lib/typescript/typescript.cjs", "/app"]
