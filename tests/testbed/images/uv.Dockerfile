# The wheel for musl has the static binaries that the official image has.
FROM slim-testbed/tools AS wheel
ARG UV
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    echo "uv==$UV" >wanted && \
    pip download --quiet --no-deps --only-binary :all: --platform musllinux_1_1_x86_64 --dest /wheel --require-hashes -r wanted && \
    unzip -q -j /wheel/*.whl '*/scripts/uv' '*/scripts/uvx' -d /bin-only

FROM scratch
LABEL slim-templates.stand-in="the static binaries out of uv (PyPI)"
COPY --from=wheel /bin-only /
WORKDIR /io
ENTRYPOINT ["/uv"]
