# Debian 13's own is older than the flags of a current Dockerfile; unstable's brings the libraries that it wants along.
ARG DEBIAN=debian
FROM $DEBIAN
LABEL slim-templates.stand-in="buildah of Debian unstable"
RUN echo 'deb [check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main' > /etc/apt/sources.list.d/sid.list && \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends -t sid buildah ca-certificates crun fuse-overlayfs netavark && \
    rm -rf /var/lib/apt/lists/*
ENV BUILDAH_ISOLATION=chroot
VOLUME /var/lib/containers
