#!/bin/sh
# rootfs.sh TO PACKAGE...   unpacks the packages in the current folder, with their metadata where scanners look for it.
set -eu
to=$1; shift
mkdir -p "$to/var/lib/dpkg/status.d"
for package; do
    dpkg-deb -x "${package}"_*.deb "$to"
    dpkg-deb -f "${package}"_*.deb > "$to/var/lib/dpkg/status.d/$package"
    dpkg-deb --ctrl-tarfile "${package}"_*.deb | tar -xO ./md5sums > "$to/var/lib/dpkg/status.d/$package.md5sums"
done
