"""Compiles what is below a folder. Part of the template: an update replaces it.

    python3 compile.py ROOT [FOLDER]     ROOT/FOLDER is FOLDER in the image

The sources stay: packages read them, and a traceback shows their lines.
"""

import compileall
import sys
from py_compile import PycInvalidationMode


def main(root: str, folder: str = "") -> None:
    """Compile every module; a file that is none, such as a template of one, is passed over."""
    compileall.compile_dir(
        root + folder,
        maxlevels=100,
        stripdir=root,
        prependdir="/",
        quiet=2,
        workers=0,
        # Unchecked: the usual check against time stamps fails once a build has rewritten them, and
        # then all is compiled again at every start.
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
