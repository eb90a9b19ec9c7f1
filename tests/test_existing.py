"""Nothing of the user's is lost: a folder that exists is refused, overwritten or completed, never half of it.

And nothing outside of it is touched, whatever links are in there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.answers import arguments, cookiecutter, make
from support.files import contents
from support.services import QUESTIONS, ROOT
from support.template import git, snapshot

# A file at the top, one of the language's, one in a folder, one that is only the user's.
COMMON, MOVED, NESTED, OWN = "compose.yaml", "Dockerfile", "docker/tools/check-image.sh", "notes/own.txt"


@pytest.fixture
def existing(tmp_path) -> Path:
    """A folder of the user's where the service would be."""
    folder = tmp_path / "hello-service"
    for name in (COMMON, MOVED, NESTED, OWN):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine\n")
    return folder


@pytest.fixture
def outside(tmp_path_factory) -> Path:
    """A folder elsewhere, with a file."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "file").write_text("theirs\n")
    return folder


def reported(output: str) -> dict[str, str]:
    """Return what is said of each file."""
    lines = re.findall(r"^    (added|the same|overwritten|kept) +([^ ,\n]+)", output, re.MULTILINE)
    return {name: what for what, name in lines}


@pytest.mark.parametrize("option", [[], ["--skip-if-file-exists"]])
def test_an_existing_folder_is_refused(existing, option):
    before = contents(existing)
    code, output = cookiecutter(*arguments(existing.parent), *option)
    assert code == 1
    assert output.startswith(f"{existing} already exists. ")
    assert output.count("\n") == 1
    assert contents(existing) == before


def test_overwriting_keeps_what_is_not_the_templates(existing, bake):
    code, output = make(existing.parent, "--overwrite-if-exists")
    assert code == 0, output
    fresh = contents(bake().path)
    assert contents(existing) == {**fresh, Path(OWN): b"mine\n"}
    said = {path.as_posix(): "added" for path in fresh}
    assert reported(output) == {**said, **dict.fromkeys((COMMON, MOVED, NESTED), "overwritten")}


def test_skipping_keeps_every_existing_file(existing, bake):
    before = contents(existing)
    code, output = make(existing.parent, "--overwrite-if-exists", "--skip-if-file-exists")
    assert code == 0, output
    fresh = contents(bake().path)
    assert contents(existing) == {**fresh, **before}
    said = {path.as_posix(): "added" for path in fresh}
    assert reported(output) == {**said, **dict.fromkeys((COMMON, MOVED, NESTED), "kept")}


def test_a_kept_file_that_does_not_fit_the_new_ones_is_named(existing):
    """The user's Dockerfile knows nothing of the programs that come with the template's."""
    _, output = make(existing.parent, "--overwrite-if-exists", "--skip-if-file-exists")
    assert "kept         Dockerfile, which differs from the template's" in output
    assert re.search("does not name .*go.mod.*, which the template's does", output)


@pytest.mark.parametrize("option", ["--overwrite-if-exists", "--skip-if-file-exists"])
def test_making_a_service_twice_changes_nothing(tmp_path, bake, option):
    for _ in range(2):
        code, output = make(tmp_path, "--overwrite-if-exists", option)
        assert code == 0, output
    assert contents(tmp_path / "hello-service") == contents(bake().path)
    assert set(reported(output).values()) == {"the same"}


@pytest.mark.parametrize("name", ["Dockerfile/", "compose.yaml/", "docker"])
def test_what_cannot_be_overwritten_is_named_and_nothing_written(existing, name):
    path = existing / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.mkdir() if name.endswith("/") else path.write_text("mine\n")
    before = sorted(existing.rglob("*")), contents(existing)
    code, output = cookiecutter(*arguments(existing.parent), "--overwrite-if-exists")
    assert code == 1
    assert output == f"{path} is in the template's way. Rename it.\n"
    assert (sorted(existing.rglob("*")), contents(existing)) == before


@pytest.mark.parametrize("name", QUESTIONS["_alternatives"])
def test_a_folder_named_like_one_of_the_templates_own_is_the_users(tmp_path, bake, name):
    (tmp_path / "hello-service" / name / "go").mkdir(parents=True)
    (tmp_path / "hello-service" / name / "go" / "main.go").write_text("mine\n")
    code, output = make(tmp_path, "--overwrite-if-exists")
    assert code == 0, output
    assert contents(tmp_path / "hello-service") == {**contents(bake().path), Path(name, "go", "main.go"): b"mine\n"}


@pytest.mark.parametrize("options", [["-f"], ["-f", "-s"]])
def test_a_pipe_is_not_waited_for(existing, options):
    (existing / "Dockerfile").unlink()
    os.mkfifo(existing / "Dockerfile")
    code, output = cookiecutter(*arguments(existing.parent), *options)
    assert (code, output) == (1, f"{existing / 'Dockerfile'} is in the template's way. Rename it.\n")


def test_a_hard_link_to_a_file_elsewhere_is_replaced_not_written_to(existing, outside):
    (existing / "Dockerfile").unlink()
    (existing / "Dockerfile").hardlink_to(outside / "file")
    assert make(existing.parent, "-f")[0] == 0
    assert contents(outside) == {Path("file"): b"theirs\n"}


@pytest.mark.parametrize("options", [["-f"], ["-f", "-s"]])
@pytest.mark.parametrize(
    "name", ["Dockerfile", "compose.yaml", "docker/limits.env", "docker", ".github", ".github/workflows", "."]
)
def test_no_link_is_written_through(existing, outside, name, options):
    """To a file, to a folder, to nothing: each would be written to."""
    for target in (outside / "file", outside, outside / "nothing"):
        link = existing / name
        if link.is_symlink():
            link.unlink()
        elif link.exists():
            shutil.rmtree(link) if link.is_dir() else link.unlink()
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        code, output = cookiecutter(*arguments(existing.parent), *options)
        assert code == 1
        assert output.startswith(f"{link} is ")
        assert output.count("\n") == 1
        assert contents(outside) == {Path("file"): b"theirs\n"}


@pytest.mark.parametrize("name", ["Dockerfile", "docker/limits.env", "docker", ".github/workflows"])
def test_a_link_that_is_planted_in_the_meantime_is_not_followed(tmp_path, outside, name):
    """After all was checked, before the last hook: the template's own first hook plants it here."""
    template = snapshot(tmp_path / "template")
    with (template / "hooks" / "pre_gen_project.py").open("a") as hook:
        hook.write(f"os.makedirs(os.path.dirname({name!r}) or '.', exist_ok=True)\n")
        hook.write(f"os.symlink({str(outside)!r}, {name!r})\n")
    (tmp_path / "out" / "hello-service").mkdir(parents=True)
    code, _ = cookiecutter(*arguments(tmp_path / "out", template=template), "-f")
    assert code == 1
    assert contents(outside) == {Path("file"): b"theirs\n"}


@pytest.mark.parametrize("name", ["Dockerfile", "docker"])
def test_windows_follows_no_link_either(bake, tmp_path, outside, name):
    """There folders cannot be opened: the last hook looks at each step instead."""
    template = snapshot(tmp_path / "template")
    hook = template / "hooks" / "post_gen_project.py"
    hook.write_text(re.sub(r"opens = os\.open in .*", "opens = False", hook.read_text()))
    code, output = cookiecutter(*arguments(tmp_path / "first", template=template))
    assert code == 0, output
    assert contents(tmp_path / "first" / "hello-service") == contents(bake().path)
    with (template / "hooks" / "pre_gen_project.py").open("a") as first:
        first.write(f"os.symlink({str(outside)!r}, {name!r})\n")
    (tmp_path / "out" / "hello-service").mkdir(parents=True)
    assert cookiecutter(*arguments(tmp_path / "out", template=template), "-f")[0] == 1
    assert contents(outside) == {Path("file"): b"theirs\n"}


@pytest.mark.parametrize("hook", ["pre_gen_project", "post_gen_project"])
def test_a_failing_hook_leaves_nothing(tmp_path, hook):
    template = snapshot(tmp_path / "template")
    with (template / "hooks" / f"{hook}.py").open("a") as file:
        file.write("raise SystemExit('no')\n")
    out = tmp_path / "out"
    command = ["cookiecutter", *arguments(out, template=template)]
    assert subprocess.run(command, capture_output=True).returncode == 1
    assert not list(out.iterdir())


def test_the_last_hook_may_run_twice(tmp_path, bake):
    """Where somebody keeps a failed project, or a tool runs the hooks again."""
    made = bake()
    before = contents(made.path)
    hook = (ROOT / "hooks" / "post_gen_project.py").read_text(encoding="utf-8")
    (tmp_path / "hook.py").write_text(hook.replace("{{0 | plan}}", '{"new": ".new"}'))
    subprocess.run([sys.executable, tmp_path / "hook.py"], cwd=made.path, check=True)
    assert contents(made.path) == before


def test_a_first_commit_is_made_only_when_asked(tmp_path):
    who = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Test\n\temail = test@example.com\n")
    code, output = make(tmp_path / "unasked", **who)
    assert code == 0, output
    assert "git init" in output
    assert not (tmp_path / "unasked" / "hello-service" / ".git").exists()
    code, output = make(tmp_path / "asked", SLIM_GIT="1", **who)
    assert code == 0, output
    assert "git init" not in output
    service = tmp_path / "asked" / "hello-service"
    assert git(service, "log", "--format=%s") == "A new service"
    assert not git(service, "status", "--porcelain")


def test_a_repository_that_exists_stays_as_it_is(tmp_path):
    git(tmp_path, "init", "--quiet")
    code, output = make(tmp_path, SLIM_GIT="1")
    assert code == 0, output
    assert "git init" not in output
    assert not (tmp_path / "hello-service" / ".git").exists()
    assert git(tmp_path, "status", "--porcelain") == "?? hello-service/"
