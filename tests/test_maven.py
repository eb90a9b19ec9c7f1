"""What the build adds to the words of Maven's plugins, where these mislead."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.elf import program
from support.services import Service

pytestmark = pytest.mark.xdist_group("java-scratch")


@pytest.fixture(scope="module")
def failing(_engine, bake, ca_bundle) -> Callable[..., str]:
    """Run the build's Maven, which fails with the words `error`, where a plugin has the program `generate`."""
    service: Service = bake(language="java", runtime_base="scratch")
    image = service.build(target="programs", ca=ca_bundle).image.tag

    def failing(folder: Path, error: str) -> str:
        (folder / "error").write_text(f"[ERROR] {error}\n")
        (folder / "mvn").write_text("#!/bin/sh\ncat /plugin/error\nexit 1\n")
        (folder / "mvn").chmod(0o755)
        volumes = [f"--volume={folder}:/plugin:ro", f"--volume={folder / 'mvn'}:/usr/share/maven/bin/mvn:ro"]
        command = ["java", "-cp", "/programs/Maven", "Maven", "package"]
        return subprocess.run(["docker", "run", "--rm", *volumes, image, *command], capture_output=True, text=True).stderr

    return failing


def test_a_program_of_a_plugin_that_was_made_for_another_c_library_is_explained(failing, tmp_path):
    (tmp_path / "generate").write_bytes(program("/lib/ld-other.so.1"))
    said = failing(tmp_path, 'Cannot run program "/plugin/generate": error=2, No such file or directory')
    assert "a program that a plugin runs needs /lib/ld-other.so.1, which the build image lacks" in said


def test_a_library_that_a_program_of_a_plugin_lacks_is_named(failing, tmp_path):
    said = failing(tmp_path, "error while loading shared libraries: libother.so.6: cannot open shared object file")
    assert "a program that a plugin runs needs libother.so.6" in said


def test_of_a_program_that_could_run_nothing_is_said(failing, tmp_path):
    assert failing(tmp_path, "/bin/sh: 1: generate: not found") == ""
