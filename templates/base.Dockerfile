{# The chosen base, as stage `base`. A new base is a new branch here, a new choice in cookiecutter.json and its sizes in
   languages.json. The language says before the include which distroless image is the leanest that carries it
   (`distroless`) and whether it reads time zones from the file system (`zoneinfo`). #}
{% from "images.jinja" import image with context %}
{% set static = image("distroless/static") %}
# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
{% if cookiecutter.runtime_base == "scratch" %}
# scratch is empty: the few files that every process expects come from distroless, which keeps them current.
RUN --mount=type=bind,from={{ static }},target=/from \
    mkdir -p /rootfs/app /rootfs/etc/ssl/certs /rootfs/tmp /rootfs/usr/share && \
    chmod 1777 /rootfs/tmp && \
    cp -L /from/etc/group /from/etc/mime.types /from/etc/os-release /from/etc/protocols /from/etc/services /rootfs/etc/ && \
    sed 's#:/home/nonroot:#:/tmp:#' /from/etc/passwd >/rootfs/etc/passwd && \
    # distroless says `compat`, which needs a library that is not in this image.
    sed 's/\bcompat\b/files/' /from/etc/nsswitch.conf >/rootfs/etc/nsswitch.conf && \
{% if zoneinfo is defined %}
    cp -a /from/usr/share/zoneinfo /rootfs/usr/share/ && \
    # Time zones with leap seconds: only the clocks of GPS receivers use them.
    rm -rf /rootfs/usr/share/zoneinfo/right && \
{% endif %}
    cp -L /from/etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/

FROM scratch AS base
{% elif cookiecutter.runtime_base == "distroless" %}
RUN --mount=type=bind,from={{ static }},target=/from \
    mkdir -p /rootfs/app /rootfs/etc && \
    sed 's#:/home/nonroot:#:/tmp:#' /from/etc/passwd >/rootfs/etc/passwd

FROM {{ distroless }} AS base
{% elif cookiecutter.runtime_base == "alpine" %}
# Kinds of files by their names, as most systems know them: Alpine has none.
RUN --mount=type=bind,from={{ image("alpine") }},target=/from \
    --mount=type=bind,from={{ static }},target=/static \
    mkdir -p /rootfs/app /rootfs/etc && \
    cp -L /static/etc/mime.types /rootfs/etc/ && \
    { cat /from/etc/passwd && echo "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin"; } >/rootfs/etc/passwd && \
    { cat /from/etc/group && echo "nonroot:x:65532:"; } >/rootfs/etc/group

FROM {{ image("alpine") }} AS base
{% endif %}
COPY --link --from=rootfs /rootfs /
WORKDIR /app
