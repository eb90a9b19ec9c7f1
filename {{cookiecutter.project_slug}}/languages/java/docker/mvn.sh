#!/bin/sh
# Maven, trusting the certificates in the system's bundle: the JVM wants a key store, not a PEM file.
# The store lives in the cache that is mounted here, not in a layer.
set -eu
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -s "$bundle" ]; then
    store=$HOME/.m2/$(sha256sum <"$bundle" | cut -c 1-64).p12
    [ -s "$store" ] || java "${0%/*}/TrustStore.java" "$bundle" "$store"
    export MAVEN_OPTS="${MAVEN_OPTS:-} -Djavax.net.ssl.trustStore=$store -Djavax.net.ssl.trustStorePassword=changeit"
fi
exec mvn --batch-mode --no-transfer-progress "$@"
