"""Services that follow the template with cruft, which runs in this process: loading it takes longer."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from cruft._cli import app
from typer.testing import CliRunner

from support.template import commit, git


def run_cruft(*arguments: object, cwd: Path) -> tuple[int, str]:
    """Run cruft in `cwd` as somebody without settings; return its exit code and what it printed."""
    nobody = {"HOME": str(cwd), "GIT_CONFIG_GLOBAL": os.devnull, "COOKIECUTTER_CONFIG": os.devnull}
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments], env=nobody)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def cruft(*arguments: object, cwd: Path) -> str:
    """Run cruft in `cwd`; it has to succeed. Return what it printed."""
    code, output = run_cruft(*arguments, cwd=cwd)
    assert code == 0, output
    return output


def create(template: Path, folder: Path, version: str, **answers: str) -> Path:
    """Make a service with cruft in `folder` from a version of the template, and commit it; return where it is.

    It follows the template's default branch.
    """
    extra = json.dumps({"project_slug": "hello-service", **answers})
    folder.mkdir(exist_ok=True)
    cruft("create", template, "--no-input", f"--checkout={version}", f"--extra-context={extra}", cwd=folder)
    service = folder / json.loads(extra)["project_slug"]
    follow(service, checkout=None)  # `--checkout` pins the service to that version
    git(service, "init", "--quiet", "--initial-branch=main")
    commit(service, "A new service")
    return service


def follow(service: Path, **state: object) -> None:
    """Change what .cruft.json says of where the service's template is."""
    file = service / ".cruft.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **state}))
