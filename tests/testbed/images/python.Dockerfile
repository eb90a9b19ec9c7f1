ARG BASE
# glibc: Debian unstable has CPython 3.14, and its binaries run on Debian 13's glibc but for one module.
FROM $BASE AS glibc-files
ARG VERSION
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends binutils gcc libc6-dev libexpat1 patchelf zlib1g && \
    echo 'deb [check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main' > /etc/apt/sources.list.d/sid.list && \
    apt-get update -qq
WORKDIR /debs
RUN for package in python$VERSION python$VERSION-minimal python$VERSION-dev libpython$VERSION libpython$VERSION-stdlib libpython$VERSION-minimal libpython$VERSION-dev; do \
        apt-get download -qq "$package/sid" && dpkg-deb -x "$package"_*.deb /debian || exit 1; \
    done
COPY python /python
RUN sh /python/from-debian.sh "$VERSION" /debian

FROM slim-testbed/tools AS pip
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt pip download --quiet --no-deps --dest /wheel pip && unzip -q /wheel/*.whl -d /site-packages

FROM $BASE AS glibc
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates netbase tzdata \
        libbz2-1.0 libdb5.3t64 libexpat1 libffi8 liblzma5 libncursesw6 libreadline8t64 libsqlite3-0 libssl3t64 libuuid1 libzstd1 zlib1g && \
    rm -rf /var/lib/apt/lists/*
COPY --from=glibc-files /usr/local /usr/local
ARG VERSION
COPY --from=pip /site-packages /usr/local/lib/python$VERSION/site-packages
COPY python/finish.sh /tmp/
RUN sh /tmp/finish.sh "$VERSION" && ldconfig && rm /tmp/finish.sh
CMD ["python3"]
