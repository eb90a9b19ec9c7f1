FROM golang:1.27-alpine3.24
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt CGO_ENABLED=0 go install github.com/google/ko@v0.19.1
