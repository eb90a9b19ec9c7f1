"""Replaces the libraries' sources below a folder by their bytecode.

    python3 docker/bytecode.py FOLDER

Nobody edits them there, and they are as large again. A traceback still names file, line and
function. The service keeps its own sources.
"""

import compileall
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

# These read sources at run time, their own and those of others, to compile them once more.
# Where one of them is installed, all sources stay.
COMPILERS = {"numba", "tensorflow", "torch", "triton"}


def main(folder: str) -> None:
    """Compile what this interpreter would import from below `folder`."""
    library = Path(folder + sysconfig.get_path("stdlib"))
    sources_stay = any((library / "site-packages" / name).exists() for name in COMPILERS)
    # Unchecked: the usual check against time stamps fails once a build has rewritten them, and
    # then all is compiled again at every start.
    compileall.compile_dir(
        library,
        stripdir=folder,
        prependdir="/",
        quiet=2,  # templates of source files need not compile
        legacy=not sources_stay,
        workers=0,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    for source in library.rglob("*.py"):
        if source.with_suffix(".pyc").exists():
            source.unlink()


if __name__ == "__main__":
    main(sys.argv[1])
