#!/usr/bin/env python3
"""Run a command in this repository's own virtual environment, made on first use.

    python3 run.py cookiecutter . -o ..     make a service next to this folder
    python3 run.py pytest                   run the tests

The environment is .venv, installed from requirements.txt (exact versions with hashes) and made anew when that file
changes. The system's Python is left as it is. Needs Python 3.11 or later with its venv module, and an index of
packages as pip is configured to find it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
REQUIREMENTS = ROOT / "requirements.txt"
STAMP = VENV / "requirements.sha256"


def prepare() -> None:
    """Make .venv hold exactly what requirements.txt says; do nothing where it does already."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Setting up .venv (once; a minute at most) ...", file=sys.stderr)
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit(f"{sys.executable} has no venv module that works. On Debian: apt-get install python3-venv")
    pip = [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.run([*pip, "-r", REQUIREMENTS]).returncode:
        sys.exit("pip could not install requirements.txt; its own words are above. Mend that and run this again.")
    STAMP.write_text(wanted)


def main() -> None:
    """Run the command named by the arguments, with .venv first on PATH."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.version_info < (3, 11):  # noqa: UP036  (the point is to say so, not to fail with a traceback)
        sys.exit(f"This is Python {sys.version.split()[0]}; run.py needs 3.11 or later.")
    prepare()
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = shutil.which(sys.argv[1])
    if command is None:
        sys.exit(
            f"{sys.argv[1]} is neither in .venv nor on PATH; `python3 run.py cookiecutter . -o ..` makes a service."
        )
    try:
        sys.exit(subprocess.run([command, *sys.argv[2:]]).returncode)
    except KeyboardInterrupt:
        sys.exit(130)


main()
