"""The same service comes out, wherever the template comes from."""

from __future__ import annotations

import subprocess

import pytest
from support.answers import cookiecutter
from support.files import contents
from support.services import DIAGONAL, ROOT


@pytest.mark.parametrize(("language", "base"), DIAGONAL)
def test_a_clone_makes_the_same_service_as_the_working_tree(cookies_session, bake, tmp_path, language, base):
    """`cookiecutter gh:…` clones; a file that git does not hold, or an ignored one, would be missing there."""
    clone = tmp_path / "slim-templates"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    answers = {"language": language, "runtime_base": base}
    cloned = cookies_session.bake(extra_context=answers, template=str(clone))
    assert not cloned.exception
    assert contents(cloned.project_path) == contents(bake(**answers).path)


@pytest.mark.parametrize(("language", "base"), DIAGONAL)
def test_answers_can_be_replayed(bake, tmp_path, language, base):
    """`--replay-file` makes the same service again."""
    answers = {"language": language, "runtime_base": base, "project_name": "Replayed", "port": "9001"}
    (tmp_path / "config").write_text(f"replay_dir: {tmp_path / 'replay'}\n")
    command = [ROOT, f"--config-file={tmp_path / 'config'}"]
    given = [f"{name}={answer}" for name, answer in answers.items()]
    assert cookiecutter(*command, "--no-input", f"--output-dir={tmp_path / 'first'}", *given)[0] == 0
    (recorded,) = (tmp_path / "replay").iterdir()
    again = tmp_path / "again"
    assert cookiecutter(*command, f"--replay-file={recorded}", f"--output-dir={again}")[0] == 0
    assert contents(again / "replayed") == contents(bake(**answers).path)
