# No `# syntax=` line in any of these Dockerfiles: this is the image that it asks for.
ARG GOLANG=golang
FROM $GOLANG AS build
ARG BUILDKIT
# Built inside the module, because its go.mod excludes versions and `go install` takes no such module.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    go mod download "github.com/moby/buildkit@$BUILDKIT" && cd "$(go env GOMODCACHE)/github.com/moby/buildkit@$BUILDKIT" && \
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /dockerfile-frontend ./frontend/dockerfile/cmd/dockerfile-frontend

FROM scratch
ARG BUILDKIT
LABEL slim-templates.stand-in="BuildKit $BUILDKIT's dockerfile-frontend, compiled from the Go module" \
      moby.buildkit.frontend.network.none=true \
      moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
COPY --from=build /dockerfile-frontend /bin/
ENTRYPOINT ["/bin/dockerfile-frontend"]
