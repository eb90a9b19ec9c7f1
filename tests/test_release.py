"""A release of this repository: a tag of main, the changelog's section, an archive that is the same every time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from support.services import ROOT
from support.template import commit, git, snapshot

WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """The template with one section in its changelog; v1.2.3 is on main, v1.2.4 is not, nor has it a section."""
    origin = snapshot(tmp_path_factory.mktemp("origin") / "slim-templates")
    changelog = origin / "CHANGELOG.md"
    changelog.write_text(
        "# Changelog\n\n## Unreleased\n\n- Next.\n\n## 1.2.3 - 2026-12-01\n\n- This.\n\n## 1.2.2\n\n- Old.\n"
    )
    commit(origin, "Release 1.2.3")
    git(origin, "tag", "v1.2.3")
    git(origin, "tag", "v1.2.9")
    git(origin, "switch", "--quiet", "--create", "feature")
    (origin / "more").touch()
    commit(origin, "Not reviewed")
    git(origin, "tag", "v1.2.4")
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--quiet", "--branch=main", str(origin), "slim-templates")
    return clone / "slim-templates"


def release(repository: Path, tag: str, folder: Path) -> subprocess.CompletedProcess:
    command = [repository / ".ci" / "release", tag, folder]
    return subprocess.run(command, cwd="/", env={**os.environ, "TZ": "Asia/Tokyo"}, capture_output=True, text=True)


def test_a_release_is_an_archive_its_checksum_and_its_notes(repository, tmp_path):
    done = release(repository, "v1.2.3", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "notes.md").read_text().strip() == "- This."
    archive = tmp_path / "slim-templates-1.2.3.tar.gz"
    assert (
        tmp_path / "SHA256SUMS"
    ).read_text() == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
    with tarfile.open(archive) as files:
        names = {file.name for file in files if file.isfile()}
    assert names == {f"slim-templates-1.2.3/{name}" for name in git(repository, "ls-files").splitlines()}


def test_the_same_tag_gives_the_same_bytes(repository, tmp_path):
    for name in ("first", "second"):
        assert release(repository, "v1.2.3", tmp_path / name).returncode == 0
    assert (tmp_path / "first" / "SHA256SUMS").read_text() == (tmp_path / "second" / "SHA256SUMS").read_text()


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("v1.2.4", "not on a commit of main"),
        ("v1.2.9", "has no section"),
        ("v9.9.9", "there is no tag"),
        ("1.2.3", "not of the form"),
        ("v1.2.3-rc.1", "not of the form"),
    ],
)
def test_what_is_not_a_release_is_refused(repository, tmp_path, tag, says):
    done = release(repository, tag, tmp_path)
    assert done.returncode != 0
    assert says in done.stderr
    assert not list(tmp_path.glob("*.tar.gz"))


def workflows() -> dict[str, dict]:
    return {path.stem: yaml.safe_load(path.read_text()) for path in WORKFLOWS.iterdir()}


def test_a_job_has_the_rights_that_it_names_and_no_others():
    for workflow in workflows().values():
        assert workflow["permissions"] == {}
        assert all("permissions" in job for job in workflow["jobs"].values())


def test_no_job_that_runs_code_of_others_may_write():
    """All but those that hand over what another job has made; a secret is in an environment of its own."""
    for name, workflow in workflows().items():
        for key, job in workflow["jobs"].items():
            scripts = "\n".join(step.get("run", "") for step in job["steps"])
            runs_foreign_code = any(word in scripts for word in (".ci/run", ".ci/refresh", "run.py", "pytest"))
            rights = set(job["permissions"].values())
            assert not runs_foreign_code or rights <= {"read"}, f"{name}: {key}"
            assert not runs_foreign_code or "secrets." not in yaml.dump(job), f"{name}: {key}"
            assert "secrets." not in yaml.dump(job) or job["environment"] == name


def test_owners_are_named_for_paths_that_exist():
    lines = [line.split() for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()]
    rules = [(words[0], words[1:]) for words in lines if words and not words[0].startswith("#")]
    assert rules[0][0] == "*"
    for path, owners in rules:
        assert owners
        assert path == "*" or (ROOT / path.strip("/")).exists(), path
