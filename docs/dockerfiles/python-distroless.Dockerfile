# syntax=docker/dockerfile:1
# check=error=true

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# Dependencies, downloaded again only when requirements.txt changes. They go into the interpreter's own
# prefix, not into a virtual environment, so that nothing has to be activated or relocated.
FROM python:3.14-slim-trixie AS deps
COPY --from=ghcr.io/astral-sh/uv:0.13 /uv /usr/local/bin/
WORKDIR /src
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PYTHON_PREFERENCE=only-system UV_SYSTEM_PYTHON=1 \
    UV_PYTHON=/usr/local/bin/python3 UV_COMPILE_BYTECODE=0 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# The manifest of a folder that is a dependency (`uv add ./lib`) says what its build needs. Wheels may be dependencies, too.
COPY --parents requirements.txt **/pyproject.toml **/*.whl ./
# The secrets, where there are any, leave nothing in the layer: `ca` is the company's CA bundle,
# `registry` a uv.toml with its package index. No code of a package runs while they are there.
RUN --mount=type=cache,target=/root/.cache/uv,id=acme/hello-service/uv \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.config/uv/uv.toml \
    --mount=type=bind,from=tools,target=/tools \
    python3 /tools/install.py packages requirements.txt /deps/usr/local
RUN --mount=type=bind,from=tools,target=/tools \
    python3 /tools/install.py sources requirements.txt /deps/usr/local && \
    python3 /tools/cpython.py compile /deps

FROM deps AS test
COPY requirements-dev.txt ./
RUN --mount=type=cache,target=/root/.cache/uv,id=acme/hello-service/test-uv \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry,target=/root/.config/uv/uv.toml \
    --mount=type=bind,from=tools,target=/tools \
    python3 /tools/install.py packages requirements-dev.txt
RUN --mount=type=bind,from=tools,target=/tools python3 /tools/install.py sources requirements-dev.txt
COPY . .
RUN --mount=type=cache,target=/src/.mypy_cache,id=acme/hello-service/test-mypy \
    --mount=type=bind,from=tools,target=/tools \
    python3 /tools/install.py folders requirements-dev.txt && \
    ruff check && ruff format --check && mypy && pytest

# The project as it is in the repository, without what is for building and testing.
FROM deps AS build
WORKDIR /app
# Only root may write to it, whatever the developer's umask.
COPY --chmod=u=rwX,go=rX --exclude=docker --exclude=tests --exclude=requirements*.txt . ./
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=requirements.txt,target=/src/requirements.txt \
    python3 /tools/install.py folders /src/requirements.txt /out/usr/local && \
    mkdir -p /out && mv /app /out/ && python3 /tools/cpython.py compile /out

# For the edit loop (compose.yaml), which copies saved files in and starts the service again.
FROM deps AS dev
WORKDIR /app
COPY --from=deps /deps /
COPY --from=tools dev.sh /usr/local/bin/
COPY --chown=65532:65532 . .
RUN --mount=type=bind,from=tools,target=/tools python3 /tools/install.py folders requirements.txt && chown 65532:65532 .
ENV PORT=8080 HOME=/tmp PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["sh", "/usr/local/bin/dev.sh", "python3", "-m", "service"]

# The interpreter, without what no service can use.
FROM python:3.14-slim-trixie AS cpython
RUN --mount=type=bind,from=tools,target=/tools \
    python3 /tools/cpython.py copy /cpython

# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
RUN --mount=type=bind,from=gcr.io/distroless/static-debian13:nonroot,target=/from \
    mkdir -p /rootfs/app /rootfs/etc && \
    sed 's#:/home/nonroot:#:/tmp:#' /from/etc/passwd >/rootfs/etc/passwd

FROM gcr.io/distroless/base-debian13:nonroot AS base
COPY --link --from=rootfs /rootfs /
WORKDIR /app

# The shared libraries that the interpreter and the dependencies need and the base lacks.
FROM deps AS native-libraries
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=bind,from=base,target=/base \
    --mount=type=bind,from=cpython,source=/cpython,target=/cpython \
    sh /tools/native-libraries.sh /native-libraries /base /cpython /deps && \
    # The locale that every Debian has. `locales-all` in docker/packages.txt brings the others.
    mkdir -p /native-libraries/usr/lib/locale && \
    cp -a /usr/lib/locale/C.utf8 /native-libraries/usr/lib/locale/

# Everything but the service.
FROM base AS runtime-dependencies
COPY --link --from=cpython /cpython /
COPY --link --from=native-libraries /native-libraries /
COPY --link --from=deps /deps /
ENV PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt

# Starts the service as production does, and sends the requests in docker/smoke-test.txt; what is missing fails the build.
FROM runtime-dependencies AS smoke-test
COPY --from=build /out /out
COPY --from=build /out /
ENV HOME=/tmp
USER 65532:65532
# Without a network, loopback aside: builds side by side on a builder do not share ports, and no dependency calls out.
RUN --network=none \
    --mount=type=tmpfs,target=/tmp \
    --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker,target=/docker \
    ["/usr/local/bin/python3", "/tools/smoke-test.py", "/usr/local/bin/python3", "-m", "service"]

FROM runtime-dependencies AS runtime
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
      org.opencontainers.image.base.name="gcr.io/distroless/base-debian13:nonroot"

COPY --link --from=smoke-test /out /
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["/usr/local/bin/python3", "-IS", "-c", "import os, socket, sys; c = socket.create_connection(('127.0.0.1', int(os.environ['PORT'] or 8080))); c.sendall(b'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n'); sys.exit(c.recv(12)[9:] != b'200')"]
ENTRYPOINT ["/usr/local/bin/python3", "-m", "service"]
