FROM debian:trixie-slim
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates curl e2fsprogs patchelf python3-pip qemu-utils unzip xz-utils
