"""Ten services are brought up to date by one command, each by a pull request of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import linked
from support.services import ROOT
from support.template import commit, git, snapshot

PROJECT = "{{cookiecutter.project_slug}}"
LINE = "# check=error=true\n"


def create(template: Path, folder: Path, name: str, **answers: str) -> Path:
    """Make a service from the tag `previous` that follows the default branch of an address, and commit it."""
    service = linked.create(template, folder, "previous", project_slug=name, **answers)
    linked.follow(service, template=template.as_uri())
    commit(service, "The template has an address, not a folder")
    return service


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
    linked.cruft("update", "--skip-apply-ask", cwd=current)
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
    lines = ["# The services of one company", f"template {template.as_uri()}"]
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
    template = fleet[0].parent / "slim-templates"
    listed.write_text(f"template {template.as_uri()}\n")
    with listed.open("a") as file:
        file.writelines(f"{repositories / name}.git\n" for name in ("users", "current", "edited"))
    run("fetch", listed, work)
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


def changed(folder: Path, orders: Path, **state: object) -> Path:
    """Return a clone of a service of which somebody has changed .cruft.json."""
    git(folder, "clone", "--quiet", str(orders), "service")
    linked.follow(folder / "service", **state)
    commit(folder / "service", "Another template")
    return folder / "service"


# A service that has a say in whose code runs, beside the patches of all others, would have a say in these.


def test_a_service_does_not_choose_its_template(fleet, tmp_path):
    template = fleet[0].parent / "slim-templates"
    other = snapshot(tmp_path / "other")
    service = changed(tmp_path, fleet[1] / "orders.git", template=other.as_uri())
    (tmp_path / "fleet.txt").write_text(f"template {template.as_uri()}\n{service}\n")
    done = run("all", tmp_path / "fleet.txt", tmp_path / "work", "true")
    assert done.returncode == 1
    assert f"FAILED: follows {other.as_uri()}" in done.stdout
    assert not (tmp_path / "work" / "templates").exists()
    assert not (tmp_path / "work" / "patches").exists()


def test_a_service_is_no_template_itself(fleet, tmp_path):
    """A template may be in a folder of its repository; cruft takes an absolute path for one."""
    service = changed(tmp_path, fleet[1] / "orders.git", directory=str(tmp_path / "service"))
    (service / "hooks").mkdir()
    (service / "hooks" / "pre_gen_project.sh").write_text(f"touch {tmp_path}/hit\n")
    (service / "cookiecutter.json").write_text('{"project_slug": "x"}')
    (service / "{{cookiecutter.project_slug}}").mkdir()
    (service / "{{cookiecutter.project_slug}}" / "x").touch()
    commit(service, "A template in a service")
    template = fleet[0].parent / "slim-templates"
    (tmp_path / "fleet.txt").write_text(f"template {template.as_uri()}\n{service}\n")
    assert "FAILED: `directory`" in run("all", tmp_path / "fleet.txt", tmp_path / "work", "true").stdout
    assert not (tmp_path / "hit").exists()


def test_code_of_a_template_that_nobody_has_reviewed_does_not_run(fleet, tmp_path):
    """That of a branch is in the same repository; a service may say that it was made from there."""
    git(tmp_path, "clone", "--quiet", str(fleet[0].parent / "slim-templates"), "slim-templates")
    template = tmp_path / "slim-templates"
    branch = git(template, "branch", "--show-current")
    git(template, "switch", "--quiet", "--create", "proposal")
    with (template / "hooks" / "pre_gen_project.py").open("a") as hook:
        hook.write(f"open({str(tmp_path / 'hit')!r}, 'w').close()\n")
    commit(template, "A proposal")
    proposal = git(template, "rev-parse", "HEAD")
    git(template, "switch", "--quiet", branch)
    service = changed(tmp_path, fleet[1] / "orders.git", template=template.as_uri(), commit=proposal)
    (tmp_path / "fleet.txt").write_text(f"template {template.as_uri()}\n{service}\n")
    done = run("all", tmp_path / "fleet.txt", tmp_path / "work", "true")
    assert "fetched" in done.stdout
    assert "FAILED" in done.stdout
    assert not (tmp_path / "hit").exists()


def test_the_template_is_by_default_the_repository_that_the_program_is_in(fleet, tmp_path):
    copy = snapshot(tmp_path / "fork")
    git(copy, "remote", "add", "origin", "git@git.test:acme/slim-templates.git")
    (tmp_path / "fleet.txt").touch()
    allowed = f"import fleet; print(fleet.templates({str(tmp_path / 'fleet.txt')!r}))"
    said = subprocess.run([sys.executable, "-c", allowed], cwd=copy, check=True, capture_output=True, text=True).stdout
    assert said == "{'git.test/acme/slim-templates'}\n"
    plain = "import fleet; print(fleet.plain('https://git.test/acme/slim-templates/'))"
    said = subprocess.run([sys.executable, "-c", plain], cwd=copy, check=True, capture_output=True, text=True).stdout
    assert said == "git.test/acme/slim-templates\n"


def test_a_command_line_that_lacks_something_is_answered_with_the_usage():
    for arguments in ([], ["all"], ["fetch", "list"], ["nonsense", "list", "folder"]):
        done = run(*arguments)
        assert done.returncode == 1
        assert "fleet.py open LIST FOLDER" in done.stderr
