{# The chosen base, as stage `base`. A new base is a new branch here and a new choice in cookiecutter.json.
   The language says before the include which distroless image is the leanest that carries it (`distroless`)
   and whether it reads time zones from the file system (`zoneinfo`). #}
{% from "mirror.jinja" import image with context %}
{% if cookiecutter.runtime_base == "scratch" %}
# scratch is empty: the few files that every process expects come from distroless, which keeps them current.
FROM deps AS rootfs
RUN --mount=type=bind,from={{ image("gcr.io/distroless/static-debian13:nonroot") }},target=/static \
    mkdir -p /rootfs/etc/ssl/certs /rootfs/tmp /rootfs/usr/share && \
    chmod 1777 /rootfs/tmp && \
    cp -L /static/etc/passwd /static/etc/group /static/etc/nsswitch.conf /static/etc/os-release /rootfs/etc/ && \
{% if zoneinfo is defined %}
    cp -a /static/usr/share/zoneinfo /rootfs/usr/share/ && \
    # Zones with leap seconds, which nothing but the time of a GPS receiver needs.
    rm -rf /rootfs/usr/share/zoneinfo/right && \
{% endif %}
    cp -L /static/etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/

FROM scratch AS base
COPY --link --from=rootfs /rootfs /
{% elif cookiecutter.runtime_base == "distroless" %}
FROM {{ distroless }} AS base
{% elif cookiecutter.runtime_base == "alpine" %}
FROM {{ image("alpine:3.24") }} AS base
{% endif %}
