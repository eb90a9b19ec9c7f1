{# What every image promises, whatever its language and base; the end of stage `runtime`. #}
{% from "images.jinja" import image with context %}
# HOME: the only writable directory of a read-only container.
ENV PORT={{ cookiecutter.port }} HOME=/tmp
EXPOSE {{ cookiecutter.port }}
# A number, because Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532

ARG VERSION=0.0.0-dev REVISION=unknown
LABEL org.opencontainers.image.title="{{ cookiecutter.project_slug }}" \
      org.opencontainers.image.source="{{ cookiecutter.__source }}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="{{ cookiecutter.__license }}" \
{% if cookiecutter.runtime_base == "scratch" %}
      org.opencontainers.image.base.name="scratch"
{% elif cookiecutter.runtime_base == "distroless" %}
      org.opencontainers.image.base.name="{{ distroless.partition("@")[0] }}"
{% elif cookiecutter.runtime_base == "alpine" %}
      org.opencontainers.image.base.name="{{ "" if cookiecutter.base_registry else "docker.io/library/" }}{{ image("alpine").partition("@")[0] }}"
{% endif %}

