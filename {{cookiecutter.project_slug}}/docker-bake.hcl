# What people ask of the builder, by name. `docker/tools/bake.sh` is `docker buildx bake` with version, revision and time
# from git.
#
#     docker/tools/bake.sh                      the image, for this machine
#     docker/tools/bake.sh check test           the Dockerfile's checks; linters and unit tests
{% if cookiecutter.runtime_base != "alpine" %}
#     docker/tools/bake.sh debug                the image with a shell in it, as {{ cookiecutter.project_slug }}:debug
{% endif %}
#     docker/tools/bake.sh image-all --push     the release: amd64 and arm64, with bill of materials and provenance
#
# `--builder NAME` builds elsewhere, for example on a cluster:
# docker buildx create --name NAME --driver kubernetes --driver-opt replicas=4, or --driver remote tcp://buildkitd:1234

{% from "images.jinja" import image with context %}
variable "IMAGE" {
  default = "{{ cookiecutter.__registry }}{{ cookiecutter.__image }}"
}

variable "VERSION" {
  default = "0.0.0-dev"
}

variable "REVISION" {
  default = "unknown"
}

# Files for builds in a company's network (README.md). Without docker/tools/bake.sh each takes --allow=fs.read=FILE as well.
# CA_BUNDLE: the CA certificates to trust, as PEM.
variable "CA_BUNDLE" {
  default = ""
}

# REGISTRY_SETTINGS: where packages come from, with credentials.
variable "REGISTRY_SETTINGS" {
  default = ""
}

# The proxy for outbound traffic of every step, as the build sees it: localhost would be the step itself.
variable "PROXY" {
  default = ""
}

variable "NO_PROXY" {
  default = ""
}

# Layers of earlier builds, in IMAGE:cache-NAME; a pipeline says amd64 or arm64. What builds a pull request reads what
# releases have written, and releases read none.
variable "CACHE_FROM" {
  default = ""
}

variable "CACHE_TO" {
  default = ""
}

group "default" {
  targets = ["image"]
}

target "_service" {
  args = {
    VERSION     = VERSION
    REVISION    = REVISION
    HTTP_PROXY  = PROXY == "" ? null : PROXY
    HTTPS_PROXY = PROXY == "" ? null : PROXY
    NO_PROXY    = PROXY == "" ? null : NO_PROXY
  }
  secret     = concat(CA_BUNDLE == "" ? [] : ["id=ca,src=${CA_BUNDLE}"], REGISTRY_SETTINGS == "" ? [] : ["id=registry,src=${REGISTRY_SETTINGS}"])
  cache-from = CACHE_FROM == "" ? [] : ["type=registry,ref=${IMAGE}:cache-${CACHE_FROM}"]
}

target "image" {
  inherits = ["_service"]
  tags     = ["{{ cookiecutter.project_slug }}"]
  output   = ["type=docker"]
}

target "check" {
  inherits = ["_service"]
  call     = "check"
}

target "test" {
  inherits = ["_service"]
  target   = "test"
  output   = ["type=cacheonly"]
}
{% if cookiecutter.runtime_base != "alpine" %}

target "debug" {
  contexts = {
    service = "target:image"
    busybox = "docker-image://{{ image("busybox") }}"
  }
  dockerfile-inline = <<-EOT
    FROM service
    USER 0:0
    COPY --from=busybox /bin/busybox /busybox/
    RUN ["/busybox/busybox", "--install", "-s", "/busybox"]
    USER 65532:65532
  EOT
  tags   = ["{{ cookiecutter.project_slug }}:debug"]
  output = ["type=docker"]
}
{% endif %}

target "image-all" {
  inherits  = ["_service"]
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${IMAGE}:${VERSION}"]
  # mode=max tells build arguments, and with them the password that a proxy may want.
  attest = ["type=provenance,mode=${PROXY == "" ? "max" : "min"}", "type=sbom,generator={{ image("sbom-scanner") }}"]
  # Without it the layers carry the time of the build, and no two builds are alike.
  output = ["type=image,rewrite-timestamp=true"]
}

# One architecture, on a machine of that kind. It has no tag: the pipeline gives one to what it has verified.
target "release" {
  inherits  = ["image-all"]
  platforms = [BAKE_LOCAL_PLATFORM]
  tags      = [IMAGE]
  output    = ["type=image,push=true,push-by-digest=true,rewrite-timestamp=true"]
  cache-to  = CACHE_TO == "" ? [] : ["type=registry,ref=${IMAGE}:cache-${CACHE_TO},mode=max"]
}
