"""Copies the interpreter, and compiles modules. Part of the template: an update replaces it.

    python3 cpython.py copy FOLDER               the interpreter, below FOLDER
    python3 cpython.py compile ROOT [FOLDER]     ROOT/FOLDER, which is FOLDER in the image

Paths are asked of the interpreter, so that the next version needs no edit. Shared libraries,
libpython among them, are left to native-libraries.sh.
"""

import compileall
import inspect
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

# What is left out, and why no service can miss it. Everything else is there, sources included.
LEFT_OUT = {
    "test": "CPython's own tests; the official image has none either",
    "idle_test": "tests of the editor below",
    "_test*.so": "C code for CPython's own tests",
    "_ctypes_test*.so": "C code for CPython's own tests",
    "_xxtestfuzz*.so": "C code for CPython's own tests",
    "xx*.so": "examples for authors of C code",
    "idlelib": "an editor with windows; needs tkinter",
    "turtledemo": "demonstrations with windows; needs tkinter",
    "tkinter": "windows; libtk, which it needs, is not in the official slim images either",
    "_tkinter*.so": "windows; libtk, which it needs, is not in the official slim images either",
    "_bundled": "pip as an archive, for ensurepip to install; nothing can be installed here",
    "config-*": "for linking programs that embed CPython; there is no linker",
    "*.a": "for linking programs that embed CPython; there is no linker",
    "site-packages": "pip; the service's own packages are laid here",
    "__pycache__": "compiled again, so that it holds whatever time stamps a build gives",
}


def main(what: str, root: str, folder: str = "") -> None:
    """Copy or compile."""
    if what == "copy":
        copy(root)
    compile_modules(root, folder)


def find_library(name: str) -> str | None:
    """Return the file of a shared library, as the loader asks for it.

    Takes the place of what asks ldconfig or a compiler, which are not in the image.
    """
    import glob  # noqa: PLC0415  this text becomes a part of ctypes/util.py
    from pathlib import Path  # noqa: PLC0415  for the same reason

    libraries = Path("/usr/lib")
    folders = [Path("/usr/local/lib"), libraries, Path("/lib"), *libraries.glob("*-linux-gnu*")]
    for ending in (".so.*", ".so"):
        for folder in folders:
            found = [file.name for file in folder.glob(f"lib{glob.escape(name)}{ending}")]
            if found:
                return min(found, key=len)  # that of libz.so.1.3.1 is libz.so.1
    # musl is one file for all of these; its loader takes their names for that file, too.
    one = name in ("c", "dl", "m", "pthread", "rt", "util", "xnet")
    return next((file.name for file in Path("/lib").glob("libc.musl-*.so.1") if one), None)


def copy(folder: str) -> None:
    """Copy the program and the standard library to where they belong below `folder`."""
    program = Path(sys.executable).resolve()
    programs = Path(f"{folder}{program.parent}")
    programs.mkdir(parents=True)
    shutil.copy2(program, programs)
    for name in ("python", "python3"):
        (programs / name).symlink_to(program.name)

    library = sysconfig.get_path("stdlib")
    left_out = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(library, f"{folder}{library}", ignore=left_out, symlinks=True)

    with Path(f"{folder}{library}/ctypes/util.py").open("a", encoding="utf-8") as util:
        util.write("\n\n" + inspect.getsource(find_library))

    # Not by the name sitecustomize, which agents of operators take.
    shutil.copy2(Path(__file__).with_name("ca_bundle.py"), f"{folder}{library}/_ca_bundle.py")
    packages = Path(f"{folder}{sysconfig.get_path('purelib')}")
    packages.mkdir(parents=True)
    (packages / "_ca_bundle.pth").write_text("import _ca_bundle\n", encoding="ascii")


def compile_modules(root: str, folder: str) -> None:
    """Compile every module; a file that is none, such as a template of one, is passed over.

    The sources stay: packages read them, and a traceback shows their lines.
    """
    os.chdir(root)  # the folder that it was called in may have been moved
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
