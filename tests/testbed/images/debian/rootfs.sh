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

# As https://github.com/debuerreotype/debuerreotype configures the slim images: apt keeps nothing, dpkg unpacks neither
# documentation nor translations. What was unpacked before dpkg read that is deleted.
# shellcheck disable=SC2016  # $1 is the hooks' own: the new root
mmdebstrap --quiet --variant=minbase --setup-hook='mkdir -p "$1/etc/dpkg/dpkg.cfg.d" "$1/etc/apt/apt.conf.d"
cat > "$1/etc/dpkg/dpkg.cfg.d/docker" <<DPKG
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
path-exclude /usr/share/man/*
DPKG' --customize-hook='cat > "$1/etc/apt/apt.conf.d/docker" <<APT
APT::AutoRemove::SuggestsImportant "false";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT
mv "$1"/etc/apt/sources.list.d/*.sources "$1/etc/apt/sources.list.d/debian.sources"
cd "$1/usr/share" && find doc groff info linda lintian locale man -mindepth 1 ! -type d ! -name copyright ! -name locale.alias -delete 2> /dev/null
find doc groff info linda lintian locale man -mindepth 1 -type d -empty -delete 2> /dev/null
rm -f "$1"/var/cache/apt/*.bin' "$suite" "$tar" "$sources"
