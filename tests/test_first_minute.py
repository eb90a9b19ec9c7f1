"""A clone and Python are enough to make a service: run.py installs what asking needs, and no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.files import contents
from support.services import ROOT
from support.template import snapshot


def pins(name: str) -> dict[str, str]:
    """Return the packages that a file of requirements names, with their versions."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_services_are_made_with_the_packages_that_the_tests_use():
    asking, everything = pins("requirements-make.txt"), pins("requirements.txt")
    assert "cookiecutter" in asking
    assert "questionary" in asking
    assert "pytest" not in asking
    assert asking.items() <= everything.items()


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A fresh clone, whose .venv is made by the first command in it."""
    return snapshot(tmp_path_factory.mktemp("clone") / "slim-templates")


@pytest.mark.xdist_group("clone")
def test_a_fresh_clone_makes_a_service_and_says_what_it_downloads(bake, clone, tmp_path):
    command = [
        sys.executable,
        "run.py",
        "cookiecutter",
        ".",
        "--no-input",
        "--default-config",
        f"--output-dir={tmp_path / 'out'}",
    ]
    first = subprocess.run(command, cwd=clone, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    assert "requirements-make.txt (6 MB)" in first.stderr
    assert contents(tmp_path / "out" / "hello-service") == contents(bake().path)
    packages = {path.name.lower() for path in (clone / ".venv").glob("[lL]ib/**/site-packages/*.dist-info")}
    assert not [name for name in packages if name.startswith("pytest")]

    again = subprocess.run([*command, "-f"], cwd=clone, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert not again.stderr

    # As portal/README.md shows it.
    program = [sys.executable, "run.py", "make", f"--output-dir={tmp_path / 'made'}"]
    made = subprocess.run(program, cwd=clone, input='{"language": "node"}', capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["path"] == str(tmp_path / "made" / "hello-service")
    assert contents(tmp_path / "made" / "hello-service") == contents(bake(language="node").path)


@pytest.mark.xdist_group("clone")
def test_an_unknown_command_is_answered_with_a_sentence(clone):
    (clone / "requirements.txt").write_text("")
    done = subprocess.run([sys.executable, "run.py", "cookiecuter"], cwd=clone, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("cookiecuter is neither in .venv nor on PATH")
