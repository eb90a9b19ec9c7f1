# The Debian packages that distroless itself unpacks, laid out its way: https://github.com/GoogleContainerTools/distroless
ARG DEBIAN=debian
FROM $DEBIAN AS packages
WORKDIR /debs
RUN apt-get update -qq && apt-get download -qq \
    base-files ca-certificates media-types netbase tzdata tzdata-legacy \
    libc6 libssl3t64 libzstd1 zlib1g gcc-14-base libgcc-s1 libgomp1 libstdc++6
COPY distroless/rootfs.sh /
RUN sh /rootfs.sh /static base-files media-types netbase tzdata tzdata-legacy && \
    sh /rootfs.sh /libc libc6 && \
    sh /rootfs.sh /ssl libssl3t64 libzstd1 zlib1g && \
    sh /rootfs.sh /gcc gcc-14-base libgcc-s1 libgomp1 libstdc++6
WORKDIR /static
RUN <<EOF
dpkg-deb -x /debs/ca-certificates_*.deb /ca
mkdir -p etc/ssl/certs home && find /ca/usr/share/ca-certificates -type f | sort | xargs cat > etc/ssl/certs/ca-certificates.crt
install -d -m 700 root && install -d -m 700 -o 65532 -g 65532 home/nonroot && install -d -m 1777 tmp
cat > etc/passwd <<PASSWD
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
PASSWD
cat > etc/group <<GROUP
root:x:0:
nobody:x:65534:
tty:x:5:
staff:x:50:
nonroot:x:65532:
GROUP
cat > etc/nsswitch.conf <<NSSWITCH
# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.

passwd:         compat
group:          compat
shadow:         compat
gshadow:        files

hosts:          files dns
networks:       files

protocols:      db files
services:       db files
ethers:         db files
rpc:            db files

netgroup:       nis
NSSWITCH
. ./usr/lib/os-release
rm etc/os-release usr/lib/os-release
cat > usr/lib/os-release <<RELEASE
PRETTY_NAME="Distroless"
NAME="Debian GNU/Linux"
ID="debian"
VERSION_ID="$VERSION_ID"
VERSION="Debian GNU/Linux $VERSION_ID ($VERSION_CODENAME)"
HOME_URL="https://github.com/GoogleContainerTools/distroless"
SUPPORT_URL="https://github.com/GoogleContainerTools/distroless/blob/master/README.md"
BUG_REPORT_URL="https://github.com/GoogleContainerTools/distroless/issues/new"
RELEASE
ln -s ../usr/lib/os-release etc/os-release
EOF

FROM scratch AS static
LABEL slim-templates.stand-in="the Debian 13 packages that distroless unpacks"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
COPY --from=packages /static /
USER 65532
WORKDIR /home/nonroot

FROM static AS base-nossl
COPY --from=packages /libc /

FROM base-nossl AS base
COPY --from=packages /ssl /

FROM base AS cc
COPY --from=packages /gcc /
