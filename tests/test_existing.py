"""Nothing of the user's is lost: a folder that exists is refused, overwritten or completed, never half of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import QUESTIONS, ROOT
from support.template import snapshot
from test_origin import contents
from test_refusals import make

# A file that is written by cookiecutter itself, one that the hook moves, one in a folder, one that is only the user's.
COMMON, MOVED, NESTED, OWN = ".editorconfig", "Dockerfile", "docker/tools/check-image.sh", "notes/own.txt"


@pytest.fixture
def existing(tmp_path) -> Path:
    """A folder of the user's where the service would be."""
    folder = tmp_path / "hello-service"
    for name in (COMMON, MOVED, NESTED, OWN):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine\n")
    return folder


@pytest.mark.parametrize("option", [[], ["--skip-if-file-exists"]])
def test_an_existing_folder_is_refused(existing, option):
    before = contents(existing)
    code, output = make(existing.parent, *option)
    assert code == 1
    assert "directory already exists" in output
    assert contents(existing) == before


def test_overwriting_keeps_what_is_not_the_templates(existing, bake):
    code, output = make(existing.parent, "--overwrite-if-exists")
    assert code == 0, output
    assert contents(existing) == {**contents(bake().path), Path(OWN): b"mine\n"}


def test_skipping_keeps_every_existing_file(existing, bake):
    before = contents(existing)
    code, output = make(existing.parent, "--overwrite-if-exists", "--skip-if-file-exists")
    assert code == 0, output
    assert contents(existing) == {**contents(bake().path), **before}


@pytest.mark.parametrize("option", ["--overwrite-if-exists", "--skip-if-file-exists"])
def test_making_a_service_twice_changes_nothing(tmp_path, bake, option):
    for _ in range(2):
        code, output = make(tmp_path, "--overwrite-if-exists", option)
        assert code == 0, output
    assert contents(tmp_path / "hello-service") == contents(bake().path)


@pytest.mark.parametrize("name", ["Dockerfile/", ".editorconfig/", "docker", "languages/", "pipelines", "updates/"])
def test_what_cannot_be_overwritten_is_named_and_nothing_written(existing, name):
    if name == "Dockerfile/":
        (existing / MOVED).unlink()
    elif name == ".editorconfig/":
        (existing / COMMON).unlink()
    elif name == "docker":
        (existing / NESTED).unlink()
        (existing / "docker").rmdir()
    path = existing / name
    path.mkdir() if name.endswith("/") else path.write_text("mine\n")
    before = sorted(existing.rglob("*")), contents(existing)
    code, output = make(existing.parent, "--overwrite-if-exists")
    assert code == 1
    assert f"{path} is in the template's way. Rename it." in output
    assert (sorted(existing.rglob("*")), contents(existing)) == before


@pytest.mark.parametrize("hook", ["pre_gen_project", "post_gen_project"])
def test_a_failing_hook_leaves_nothing(tmp_path, hook):
    template = snapshot(tmp_path / "template")
    with (template / "hooks" / f"{hook}.py").open("a") as file:
        file.write("sys.exit('no')\n" if hook.startswith("pre") else "raise SystemExit('no')\n")
    out = tmp_path / "out"
    command = ["cookiecutter", "--no-input", f"--output-dir={out}", "--default-config", str(template)]
    assert subprocess.run(command, capture_output=True).returncode == 1
    assert not list(out.iterdir())


def test_a_replayed_answer_is_checked_as_well(tmp_path):
    config = tmp_path / "config"
    config.write_text(f"replay_dir: {tmp_path / 'replay'}\n")
    command = ["cookiecutter", str(ROOT), f"--config-file={config}"]
    subprocess.run([*command, "--no-input", f"--output-dir={tmp_path / 'first'}"], check=True, capture_output=True)
    (recorded,) = (tmp_path / "replay").iterdir()
    record = json.loads(recorded.read_text())
    record["cookiecutter"]["port"] = "80"
    recorded.write_text(json.dumps(record))
    again = tmp_path / "again"
    replay = [*command, f"--replay-file={recorded}", f"--output-dir={again}"]
    done = subprocess.run(replay, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert f"port is '80', but it has to be {QUESTIONS['_rules']['port']['rule']}" in done.stderr
    assert not list(again.iterdir())


def test_the_last_hook_may_run_twice(tmp_path, bake):
    """Where somebody keeps a failed project, or a tool runs the hooks again."""
    made = bake()
    before = contents(made.path)
    hook = (ROOT / "hooks" / "post_gen_project.py").read_text(encoding="utf-8")
    (tmp_path / "hook.py").write_text(hook.replace("{{ cookiecutter | tojson }}", "{}"))
    subprocess.run([sys.executable, tmp_path / "hook.py"], cwd=made.path, check=True)
    assert contents(made.path) == before
