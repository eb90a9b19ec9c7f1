#!/bin/sh
# finish.sh VERSION   the commands that the official image has, and none of what it leaves out.
set -eu
version=$1
cd /usr/local/bin
for name in idle pip pydoc python; do ln -sf "$name$version" "${name}3" && ln -sf "${name}3" "$name"; done
ln -sf "python$version-config" python3-config && ln -sf python3-config python-config
[ -e "idle$version" ] || rm idle idle3 # a wheel has none
printf '#!/usr/local/bin/python%s\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n' "$version" > "pip$version"
chmod +x "pip$version"
find /usr/local -depth \( -type d \( -name test -o -name tests -o -name idle_test -o -name __pycache__ \) -o -name '*.pyc' -o -name 'libpython*.a' \) -exec rm -rf {} +
