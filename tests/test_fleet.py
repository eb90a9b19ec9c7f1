"""Ten services are brought up to date by one command, each by a pull request of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import ROOT
from support.template import commit, git, snapshot

PROJECT = "{{cookiecutter.project_slug}}"
LINE = "# check=error=true\n"


def create(template: Path, folder: Path, name: str, **answers: str) -> Path:
    """Make a service with cruft from the tag `previous`, and commit it; it follows the default branch of an address."""
    extra = json.dumps({"project_slug": name, **answers})
    options = ["--no-input", "--checkout=previous", f"--extra-context={extra}", f"--output-dir={folder}"]
    subprocess.run(["cruft", "create", str(template), *options], check=True, capture_output=True)
    state = json.loads((folder / name / ".cruft.json").read_text())
    (folder / name / ".cruft.json").write_text(json.dumps({**state, "checkout": None, "template": template.as_uri()}))
    git(folder / name, "init", "--quiet", "--initial-branch=main")
    commit(folder / name, "A new service")
    return folder / name


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> tuple[Path, Path]:
    """A list of ten repositories, and the folder that they are in as bare ones."""
    folder = tmp_path_factory.mktemp("fleet")
    template = snapshot(folder / "slim-templates")
    dockerfile = template / PROJECT / "languages" / "go" / "Dockerfile"
    today = dockerfile.read_text()
    dockerfile.write_text(today.replace(LINE, f"{LINE}# An old remark.\n"))
    commit(template, "The template as it was")
    git(template, "tag", "previous")
    dockerfile.write_text(today)
    commit(template, "The template as it is")

    repositories = folder / "acme"
    repositories.mkdir()
    made = create(template, folder / "made", "orders")
    services = [made, create(template, folder / "made", "users", runtime_base="scratch")]
    for number in range(1, 6):
        services.append(shutil.copytree(made, folder / "made" / f"copy-{number}"))
    current = shutil.copytree(made, folder / "made" / "current")
    subprocess.run(["cruft", "update", "--skip-apply-ask"], cwd=current, check=True, capture_output=True)
    commit(current, "Update from the template")
    edited = shutil.copytree(made, folder / "made" / "edited")
    (edited / "Dockerfile").write_text((edited / "Dockerfile").read_text().replace("An old remark.", "Our own remark."))
    commit(edited, "An edit of the very line that the template changes")
    stranger = folder / "made" / "stranger"
    stranger.mkdir()
    git(stranger, "init", "--quiet", "--initial-branch=main")
    (stranger / "README.md").write_text("Made by hand.\n")
    commit(stranger, "By hand")
    services += [current, edited, stranger]
    lines = ["# The services of one company"]
    for service in services:
        git(folder, "clone", "--quiet", "--bare", str(service), str(repositories / f"{service.name}.git"))
        lines.append(f"{repositories / service.name}.git")
    (folder / "fleet.txt").write_text("\n".join([*lines, f"{repositories}/gone.git # moved away", ""]))
    return folder / "fleet.txt", repositories


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "fleet.py", *map(str, arguments)]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)


def test_one_command_proposes_what_is_new_in_every_service(fleet, tmp_path):
    listed, repositories = fleet
    log = tmp_path / "opened"
    opener = ["sh", "-c", f'echo "$REPOSITORY $(git branch --show-current)" >>{log}']
    done = run("all", listed, tmp_path / "work", *opener)

    assert done.returncode == 1  # one of them does not exist
    assert "gone.git: FAILED: git clone" in done.stdout
    assert "stranger.git: not linked to a template" in done.stdout
    opened = dict(line.split() for line in log.read_text().splitlines())
    behind = ["orders", "users", *(f"copy-{number}" for number in range(1, 6)), "edited"]
    assert opened == {f"{repositories / name}.git": "template" for name in behind}
    for name in behind[:-1]:
        assert "An old remark" not in git(repositories / f"{name}.git", "show", "template:Dockerfile")
        assert "An old remark" in git(repositories / f"{name}.git", "show", "main:Dockerfile")
    # Where both sides changed a line, it is said, and whoever reviews the pull request decides.
    assert "has conflicts to solve: Dockerfile" in done.stdout
    assert "<<<<<<<" in git(repositories / "edited.git", "show", "template:Dockerfile")
    for name in ("current", "stranger"):
        assert git(repositories / f"{name}.git", "branch", "--list", "template") == ""


def test_code_of_the_template_runs_in_a_step_that_needs_no_network_and_no_token(fleet, tmp_path):
    """The steps one by one: `render` gets only the folder, and passes on only patches."""
    _, repositories = fleet
    listed, work = tmp_path / "fleet.txt", tmp_path / "work"
    listed.write_text("".join(f"{repositories / name}.git\n" for name in ("users", "current", "edited")))
    run("fetch", listed, work)
    template = fleet[0].parent / "slim-templates"
    away = template.rename(template.with_name("away"))  # it is out of reach now
    try:
        done = run("render", work)
    finally:
        away.rename(template)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((work / "patches").glob("*.patch"))) == 2
    shutil.rmtree(work / "services")
    shutil.rmtree(work / "templates")
    assert "proposed" in run("open", listed, work, "true").stdout


def test_a_command_line_that_lacks_something_is_answered_with_the_usage():
    for arguments in ([], ["all"], ["fetch", "list"], ["nonsense", "list", "folder"]):
        done = run(*arguments)
        assert done.returncode == 1
        assert "fleet.py open LIST FOLDER" in done.stderr
