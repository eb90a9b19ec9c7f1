"""Copies the interpreter that runs this below a folder, without what no service needs.

    python3 docker/cpython.py FOLDER

Paths are asked of the interpreter, so that the next version needs no edit. Shared libraries,
libpython among them, are left to native-libraries.sh.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

# Tests, tools of developers, installers, second implementations in Python of what is there in C,
# and what is of use only at a terminal, a display or to a debugger.
UNNEEDED = shutil.ignore_patterns(
    *("test", "_test*", "_ctypes_test*", "xx*", "_xxtest*", "__phello__", "__pycache__"),
    *("config-*", "*.a", "ensurepip", "venv", "site-packages", "pydoc_data"),
    *("_pydatetime.py", "_pydecimal.py", "_pyio.py"),
    *("idlelib", "tkinter", "_tkinter*", "turtle*", "_curses*", "readline*", "_dbm*", "_gdbm*"),
    "_remote_debugging*",
)


def main(folder: str) -> None:
    """Copy the program and the standard library to where they belong below `folder`."""
    program = Path(sys.executable).resolve()
    programs = Path(f"{folder}{program.parent}")
    programs.mkdir(parents=True)
    shutil.copy2(program, programs)
    for name in ("python", "python3"):
        (programs / name).symlink_to(program.name)

    library = sysconfig.get_path("stdlib")
    shutil.copytree(library, f"{folder}{library}", ignore=UNNEEDED, symlinks=True)


if __name__ == "__main__":
    main(sys.argv[1])
