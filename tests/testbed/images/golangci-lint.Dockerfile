ARG GOLANG=golang
FROM $GOLANG
LABEL slim-templates.stand-in="golangci-lint, compiled from the Go module"
ARG VERSION
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod \
    CGO_ENABLED=0 GOBIN=/usr/bin go install -trimpath -ldflags='-s -w' "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$VERSION"
CMD ["golangci-lint"]
