"""Where the template comes from makes no difference to what comes out."""

from __future__ import annotations

import subprocess

from support.files import contents
from support.services import ROOT


def test_a_clone_makes_the_same_service_as_the_working_tree(cookies_session, combination, tmp_path):
    """`cookiecutter gh:…` clones; a file that git does not hold, or an ignored one, would be missing there."""
    clone = tmp_path / "slim-templates"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    answers = dict(zip(("language", "runtime_base"), combination, strict=True))
    cloned = cookies_session.bake(extra_context=answers, template=str(clone))
    local = cookies_session.bake(extra_context=answers)
    assert not cloned.exception
    assert contents(cloned.project_path) == contents(local.project_path)


def test_answers_can_be_replayed(bake, combination, tmp_path):
    """`--replay-file` makes the same service again."""
    first = bake(language=combination[0], runtime_base=combination[1], project_name="Replayed", port="9001")
    command = [
        "cookiecutter",
        str(ROOT),
        "--no-input",
        f"--output-dir={tmp_path}",
        f"--config-file={tmp_path / 'config'}",
    ]
    (tmp_path / "config").write_text(f"replay_dir: {tmp_path / 'replay'}\n")
    answers = [f"language={combination[0]}", f"runtime_base={combination[1]}", "project_name=Replayed", "port=9001"]
    subprocess.run([*command, *answers], check=True, capture_output=True)
    (recorded,) = (tmp_path / "replay").iterdir()
    again = tmp_path / "again"
    replay = ["cookiecutter", str(ROOT), f"--replay-file={recorded}", f"--output-dir={again}"]
    subprocess.run(replay, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    assert contents(again / "replayed") == contents(first.path)
