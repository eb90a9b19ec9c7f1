# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /
