#!/bin/sh
# from-debian.sh VERSION ROOT   lays Debian's CPython, unpacked in ROOT, out in /usr/local as python.org's sources install it.
set -eu
version=$1 root=$2
name=python$version
stdlib=/usr/local/lib/$name
multiarch=$(gcc -dumpmachine)

cp -r "$root/usr/lib/$name" /usr/local/lib/
mkdir -p "/usr/local/include" "$stdlib/site-packages"
cp -r "$root/usr/include/$name" /usr/local/include/
cp "$root/usr/include/$multiarch/$name/pyconfig.h" "/usr/local/include/$name/pyconfig.h"
cp "$root/usr/lib/$multiarch/lib$name.so.1.0" /usr/local/lib/
ln -s "lib$name.so.1.0" "/usr/local/lib/lib$name.so"
# What extensions of the stable ABI may be linked to.
gcc -shared -o /usr/local/lib/libpython3.so -Wl,-soname,libpython3.so -Wl,--no-as-needed "/usr/local/lib/lib$name.so.1.0"

# Debian's own conventions: dist-packages, a second /usr/local, no pip outside of virtual environments.
cd "$stdlib"
rm -rf EXTERNALLY-MANAGED LICENSE.txt sitecustomize.py _distutils_system_mod.py config-*/libpython*.a config-*/*.so
sed -i '/if is_virtual_environment:/,/# this one is deprecated for Debian/d; s/dist-packages/site-packages/' site.py
# site is frozen into the library too; the two names are of one length.
LC_ALL=C sed -i 's/dist-packages/site-packages/g' "/usr/local/lib/lib$name.so.1.0"
sed -i "s/prefix_scheme = '\(deb_system\|posix_local\)'/prefix_scheme = 'posix_prefix'/" sysconfig/__init__.py
find . -type f \( -name '_sysconfig*' -o -name 'build-details*' -o -name Makefile \) -exec sed -i \
    -e "s#/usr/\(lib/$multiarch/python\|lib/$multiarch\|lib\)#/usr/local/lib#g" -e 's#/usr/local/lib/zoneinfo#/usr/lib/zoneinfo#g' \
    -e "s#/usr/\(bin\|include\)/\(python\)#/usr/local/\1/\2#g" \
    -e "s#\(BINDIR[^/]*\|bindir[^/]*\)/usr/bin#\1/usr/local/bin#; s#\(INCLUDEDIR[^/]*\)/usr/include#\1/usr/local/include#" \
    -e "s#\(prefix[^/]*\)/usr\b\(/local\)\?#\1/usr/local#" {} +

# termios is the one module that asks for a newer glibc than Debian 13's, for four functions about line speeds that older ones have too.
if objdump -p lib-dynload/termios.*.so | grep -q GLIBC_2.42; then
    for function in cfgetispeed cfgetospeed cfsetispeed cfsetospeed; do
        echo "$function" && patchelf --clear-symbol-version "$function" lib-dynload/termios.*.so
    done > /dev/null
    # The name of the version and its ELF hash.
    LC_ALL=C sed -i 's/GLIBC_2\.42/GLIBC_2.34/; s/\xa2\x91\x96\x06/\xb4\x91\x96\x06/' lib-dynload/termios.*.so
fi

# shellcheck disable=SC2016  # $ORIGIN is the loader's own
gcc -O2 -s -o "/usr/local/bin/$name" -Wl,-rpath,'$ORIGIN/../lib' /python/launcher.c "/usr/local/lib/lib$name.so.1.0"

cp "$root/usr/bin/pydoc$version" "$root/usr/bin/idle-$name" /usr/local/bin/
mv "/usr/local/bin/idle-$name" "/usr/local/bin/idle$version"
sed -i "1s#.*#\#!/usr/local/bin/$name#" "/usr/local/bin/pydoc$version" "/usr/local/bin/idle$version"
cp "$root/usr/bin/$multiarch-$name-config" "/usr/local/bin/$name-config"
