"""Installs what a lock file names. Part of the template: an update replaces it.

    python3 install.py packages FILE [PREFIX]     what comes from an index, as wheels
    python3 install.py folders FILE [PREFIX]      folders of this repository

`packages` runs no code of what it downloads, and brings what building the folders takes; `folders`
needs no network. Without PREFIX it is the interpreter's own.
"""

import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path
from typing import Any

UV = ("uv", "pip", "install", "--quiet")

# What building a folder takes that says nothing about it (PEP 518).
DEFAULT_BACKEND = ["setuptools>=40.8.0"]

# What some backends ask for on top, once they are there, to link a folder in place of copying it.
LINKING = ["editables"]


def main(what: str, file: str, prefix: str = sys.prefix) -> None:
    """Install `what` of the lock file `file`."""
    options = [f"--prefix={prefix}"]
    text = Path(file).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if re.match(r"[^#\s]", line)]
    folders = [entry for entry in entries if re.match(r"(-e\s*|--editable\s*)?(\.|file:)", entry)]
    packages = [entry for entry in entries if entry not in folders]
    if manifest().get("build-system"):
        folders.append("-e .")  # as `uv sync` installs a project that is a package

    if what == "folders":
        refuse_other_places(folders)
        if folders:
            install("--no-build-isolation", "--offline", "--no-deps", *options, lines=folders)
            Path(prefix, ".lock").unlink(missing_ok=True)
        return

    for entry in packages:
        if " @ " in entry or "git+" in entry:
            name = entry.split()[0]
            fail(
                f"{name} comes from an address, not from an index: take a release, or put its"
                " source into a folder of this repository and add that: uv add --frozen ./FOLDER"
            )
    wheels = ["--only-binary=:all:"]
    built = [f"--no-binary={name}" for name in uv_setting("no-binary")]
    install("--require-hashes", *wheels, *built, *options, lines=packages)
    if prefix != sys.prefix:
        Path(prefix, ".lock").unlink(missing_ok=True)  # uv's own
        # Steps of the build import what is there.
        there = sysconfig.get_path("purelib", vars={"base": prefix})
        own = Path(sysconfig.get_path("purelib"), "packages.pth")
        own.write_text(f"{there}\n", encoding="utf-8")
    backends = [name for folder in folders for name in backend(folder)]
    if backends:
        install(*wheels, lines=backends)


def install(*options: str, lines: list[str]) -> None:
    """Let uv install the requirements `lines`."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=".", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        # Nothing but what the lock file names.
        code = subprocess.run([*UV, *options, "-r", file.name], check=False).returncode  # noqa: S603
    if code:
        fail(
            "uv could not install the above. A package that has no wheel for this base: take a"
            " release that has one, or name it in pyproject.toml, under [tool.uv.pip]:"
            ' no-binary = ["NAME"]. It is then compiled, and what the compiler takes is installed'
            " in stage deps of the Dockerfile"
        )


def manifest(folder: str = ".") -> dict[str, Any]:
    """Return the pyproject.toml of a folder; empty where there is none."""
    file = Path(folder, "pyproject.toml")
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def uv_setting(name: str) -> list[str]:
    """Return a list of names from [tool.uv.pip]."""
    names: list[str] = manifest().get("tool", {}).get("uv", {}).get("pip", {}).get(name, [])
    return names


def backend(entry: str) -> list[str]:
    """Return what building a folder takes."""
    folder = re.sub(r"^(-e|--editable)\s*", "", entry).split()[0].removeprefix("file://")
    requires: list[str] = manifest(folder).get("build-system", {}).get("requires", DEFAULT_BACKEND)
    return requires + LINKING


def refuse_other_places(folders: list[str]) -> None:
    """Fail where a folder is not in the repository."""
    for entry in folders:
        if "file:" in entry or ".." in Path(entry.split()[-1]).parts:
            fail(f"{entry} is not in this repository: move the folder here, and lock again")


def fail(why: str) -> None:
    """Exit with a sentence."""
    sys.exit(f"deps: {why}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
