"""Copies the interpreter that runs this below a folder, without what no service needs.

    python3 docker/cpython.py FOLDER

The paths are asked of the interpreter, so that the next version needs no edit here. The shared
libraries, libpython among them, are left to closure.sh.
"""

import compileall
import shutil
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

# Tests, tools of developers, installers, and what is of use only at a terminal or a display.
UNNEEDED = shutil.ignore_patterns(
    *("test", "_test*", "_ctypes_test*", "xx*", "__phello__", "__pycache__"),
    *("config-*", "*.a", "ensurepip", "site-packages", "pydoc_data"),
    *("idlelib", "tkinter", "_tkinter*", "turtle*", "_curses*", "readline*", "_dbm*", "_gdbm*"),
)


def main(folder: str) -> None:
    """Copy the program and the standard library to where they belong below `folder`."""
    program = Path(sys.executable).resolve()
    programs = below(folder, program.parent)
    programs.mkdir(parents=True)
    shutil.copy2(program, programs)
    for name in ("python", "python3"):
        (programs / name).symlink_to(program.name)

    library = Path(sysconfig.get_path("stdlib"))
    copy = below(folder, library)
    shutil.copytree(library, copy, ignore=UNNEEDED, symlinks=True)
    # Bytecode only: nobody edits these sources, and they are as large again. Unchecked: a build may
    # rewrite the time stamps that are checked otherwise, and all is compiled again at every start.
    if not compileall.compile_dir(
        copy,
        ddir=str(library),
        quiet=1,
        legacy=True,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    ):
        sys.exit("the standard library does not compile")
    for source in copy.rglob("*.py"):
        source.unlink()


def below(folder: str, path: Path) -> Path:
    """Return the absolute `path` as if `folder` were the root."""
    return Path(folder, *path.parts[1:])


if __name__ == "__main__":
    main(sys.argv[1])
