# What unpacks and changes the parts of which other stand-ins are made.
ARG DEBIAN=debian
FROM $DEBIAN
LABEL slim-templates.stand-in="Debian, with tools"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates curl e2fsprogs patchelf python3-pip qemu-utils unzip xz-utils && rm -rf /var/lib/apt/lists/*
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
