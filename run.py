#!/usr/bin/env python3
"""Run a command in this repository's own virtual environment, made on first use.

    python3 run.py cookiecutter . -o ..           make a service next to this folder
    python3 run.py make -o .. <answers.json       the same for a program: JSON in, JSON out
    python3 run.py pytest                         run the tests

The environment is .venv. The first two commands install what makes services (requirements-make.txt: 23 packages, 6 MB);
any other command installs all that the repository uses (requirements.txt: 250 MB). Versions are exact, with hashes, and
installed again when the file changes. The system's Python is not changed. Needs Python 3.11 or later with its venv
module, and a package index as pip is configured to find it; uv is used where it is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
MAKING = {"cookiecutter": ["cookiecutter"], "make": ["python", str(ROOT / "portal" / "make.py")]}


def prepare(requirements: Path, size: str) -> None:
    """Make .venv hold what a file of requirements says; do nothing where it does already."""
    stamp = VENV / f"{requirements.stem}.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Once: downloading the packages of {requirements.name} ({size}) into .venv ...", file=sys.stderr)
    started = time.monotonic()
    uv = shutil.which("uv")
    if uv and Path(uv).parent == BIN:  # where .venv is active: it is about to be cleared
        uv = None
    try:
        if stamp.exists() or not list(VENV.glob("*.sha256")):  # without what the file no longer names
            venv.create(VENV, clear=True, with_pip=not uv)
    except subprocess.CalledProcessError:
        sys.exit(f"{sys.executable} has no venv module that works. On Debian: apt-get install python3-venv")
    pip = [uv, "pip"] if uv else [BIN / "python", "-m", "pip", "--disable-pip-version-check"]
    where = ["--python", BIN / "python"] if uv else []
    install = [*pip, "install", *where, "--quiet", "--require-hashes", "-r", requirements]
    if subprocess.run(install).returncode:
        sys.exit(f"{requirements.name} could not be installed; the reason is above. Fix that and run this again.")
    stamp.write_text(wanted)
    print(f"Done in {time.monotonic() - started:.0f} s.", file=sys.stderr)


def main() -> None:
    """Run the command named by the arguments, with .venv first on PATH."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.version_info < (3, 11):  # noqa: UP036  (the point is to say so, not to fail with a traceback)
        sys.exit(f"This is Python {sys.version.split()[0]}; run.py needs 3.11 or later.")
    name, *arguments = sys.argv[1:]
    if name in MAKING and not (VENV / "requirements.sha256").exists():
        prepare(ROOT / "requirements-make.txt", "6 MB")
    else:
        prepare(ROOT / "requirements.txt", "the tests' too, 250 MB")
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    program, *first = MAKING.get(name, [name])
    command = shutil.which(program)
    if command is None:
        sys.exit(f"{name} is neither in .venv nor on PATH; `python3 run.py cookiecutter . -o ..` makes a service.")
    try:
        sys.exit(subprocess.run([command, *first, *arguments]).returncode)
    except KeyboardInterrupt:
        sys.exit(130)


main()
