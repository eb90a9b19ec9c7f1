"""Linters have nothing to say, neither of what comes out nor of the template itself."""

from __future__ import annotations

import re
import subprocess

import pytest
from support.services import ROOT


def run(*command, cwd=ROOT):
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_hadolint_has_nothing_to_say(service):
    assert not run("hadolint", "Dockerfile", cwd=service.path)


@pytest.mark.usefixtures("_engine")
def test_build_checks_have_nothing_to_say(service):
    assert "no warnings found" in run("docker", "build", "--check", ".", cwd=service.path)


def test_shell_scripts_of_a_service_are_clean(service):
    scripts = [name for name in service.files() if service.read(name).startswith("#!/bin/")]
    for script in scripts:
        run("shellcheck", script, cwd=service.path)


def test_shell_scripts_of_the_repository_are_clean():
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "tests", ".ci").splitlines()
    scripts = [name for name in listed if (ROOT / name).read_bytes().startswith((b"#!/bin/", b"#!/usr/bin/env bash"))]
    assert scripts
    run("shellcheck", *scripts)


def test_python_of_the_repository_is_clean():
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_no_word_is_misspelled_or_has_a_plainer_one():
    """In prose, comments, messages and names; tests/words.txt has the words of our own that have a plainer one."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    run("codespell", *[name for name in listed if (ROOT / name).is_file()])


def test_no_test_file_is_imported_by_another():
    """What two of them need is in tests/support."""
    for file in ROOT.glob("tests/test_*.py"):
        assert not re.search(r"^\s*(from|import) test_", file.read_text(encoding="utf-8"), re.MULTILINE), file
