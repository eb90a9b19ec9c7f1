ARG BASE
FROM golang:1.27-alpine3.24 AS build
ARG BUILDKIT
# Built inside the module, because its go.mod excludes versions and `go install` takes no such module.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    go mod download "github.com/moby/buildkit@$BUILDKIT" && cd "$(go env GOMODCACHE)/github.com/moby/buildkit@$BUILDKIT" && \
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /dockerfile-frontend ./frontend/dockerfile/cmd/dockerfile-frontend

FROM scratch
COPY --from=build /dockerfile-frontend /bin/
LABEL moby.buildkit.frontend.network.none=true moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
ENTRYPOINT ["/bin/dockerfile-frontend"]
