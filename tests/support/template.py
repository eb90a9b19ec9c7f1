"""The template in a git repository of its own, which a test may change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from support.services import ROOT

OLDEST_COOKIECUTTER = "2.4.0"


def git(repository: Path, *arguments: str) -> str:
    """Run git in `repository` as nobody in particular; return what it printed."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    done = subprocess.run(["git", "-C", repository, *who, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def commit(repository: Path, message: str) -> None:
    """Commit all that was changed in `repository`."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", f"--message={message}")


# What no service is made of: 570 of 700 files.
ASIDE = ["benchmarks", "docs", "tests"]


def snapshot(path: Path, whole: bool = False) -> Path:
    """Make `path` a repository that holds the template as it stands here, uncommitted changes included.

    Unless the `whole` is asked for, it has neither tests nor pages.
    """
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        if name and (ROOT / name).exists() and (whole or name.split("/")[0] not in ASIDE):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    git(path, "init", "--quiet", "--initial-branch=main")
    commit(path, "The template as it stands")
    return path
