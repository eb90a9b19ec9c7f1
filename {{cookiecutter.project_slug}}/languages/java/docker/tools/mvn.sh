#!/bin/sh
# Maven in a company's network: what it trusts, where it finds packages, which proxy it asks.
set -eu
here=${0%/*}

# The JVM wants a key store, not a PEM file. The store lives in the cache that is mounted here, not in a layer.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -s "$bundle" ]; then
    store=$HOME/.m2/$(sha256sum <"$bundle" | cut -c 1-64).p12
    [ -s "$store" ] || java "$here/TrustStore.java" "$bundle" "$store"
    export MAVEN_OPTS="${MAVEN_OPTS:-} -Djavax.net.ssl.trustStore=$store -Djavax.net.ssl.trustStorePassword=changeit"
fi

[ ! -s /run/secrets/registry ] || set -- --settings /run/secrets/registry "$@"

# Maven reads proxies from its settings alone. These are kept in memory: a proxy's password belongs in no layer.
if [ -n "${HTTP_PROXY:-}${HTTPS_PROXY:-}" ]; then
    java "$here/Proxies.java" >/dev/shm/proxies.xml
    set -- --global-settings /dev/shm/proxies.xml "$@"
fi

exec mvn --batch-mode --no-transfer-progress "$@"
