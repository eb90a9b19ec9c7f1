#!/bin/sh
# rootfs.sh SUITE TAR   a minimal Debian in a tar file, configured like the slim images.
set -eu
suite=$1 tar=$2
sources=$(mktemp --suffix=.sources)
trap 'rm -f "$sources"' EXIT
cat > "$sources" <<SOURCES
Types: deb
URIs: http://deb.debian.org/debian
Suites: $suite $suite-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: $suite-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES

# No documentation, no translations, nothing kept by apt: https://github.com/debuerreotype/debuerreotype
set -- --dpkgopt=force-unsafe-io
for folder in doc groff info linda lintian locale man; do set -- "$@" --dpkgopt="path-exclude=/usr/share/$folder/*"; done
set -- "$@" --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt=path-include=/usr/share/locale/locale.alias

# shellcheck disable=SC2016  # $1 is the hook's own: the new root
mmdebstrap --quiet --variant=minbase "$@" --customize-hook='cat > "$1/etc/apt/apt.conf.d/docker-clean" <<APT
APT::AutoRemove::SuggestsImportant "false";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT
rm -f "$1"/var/cache/apt/*.bin
mv "$1"/etc/apt/sources.list.d/*.sources "$1/etc/apt/sources.list.d/debian.sources"' "$suite" "$tar" "$sources"
