{# The chosen base, as stage `base`. A new base is a new branch here and a new choice in cookiecutter.json.
   The language says before the include which distroless flavour is the leanest that carries it (`distroless`)
   and whether it reads time zones from the file system (`zoneinfo`). #}
{% if cookiecutter.runtime_base == "scratch" %}
# scratch is empty. These few files every process expects; distroless keeps them current.
FROM scratch AS base
COPY --link --from=gcr.io/distroless/static-debian13:nonroot /etc/passwd /etc/group /etc/nsswitch.conf /etc/os-release /etc/
COPY --link --from=gcr.io/distroless/static-debian13:nonroot /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
{% if zoneinfo is defined %}
COPY --link --from=gcr.io/distroless/static-debian13:nonroot /usr/share/zoneinfo /usr/share/zoneinfo
{% endif %}
COPY --link --from=gcr.io/distroless/static-debian13:nonroot --chmod=1777 /tmp /tmp
{% elif cookiecutter.runtime_base == "distroless" %}
FROM gcr.io/distroless/{{ distroless }}-debian13:nonroot AS base
{% elif cookiecutter.runtime_base == "alpine" %}
FROM alpine:3.24 AS base
{% endif %}
