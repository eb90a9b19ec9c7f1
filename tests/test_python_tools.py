"""Python's own tools in docker/tools: what a project that moved in has, and what they say."""

from __future__ import annotations

import os
import subprocess
import tomllib

import pytest
from support.services import Service


@pytest.fixture
def service(bake, monkeypatch) -> Service:
    """A service whose folder is the current one."""
    service = bake(language="python")
    monkeypatch.chdir(service.path)
    return service


def test_settings_of_uv_that_say_how_to_lock_are_not_those_of_the_installation(service):
    """An installation takes no constraint or extra; an index for one package has to be asked for that package."""
    (service.path / "pyproject.toml").write_text(
        """[tool.uv]
constraint-dependencies = ["click<9"]
config-settings = { build = 'with "quotes"' }
index-strategy = "unsafe-first-match"

[tool.uv.pip]
extra = ["more"]
find-links = ["./wheels", "https://pypi.example/flat"]

[[tool.uv.index]]
name = "special"
url = "https://pypi.example/simple"
explicit = true
ignore-error-codes = [403]
"""
    )
    tool = service.tool("install.py")
    kept = {
        "index": [],
        "index-strategy": "unsafe-first-match",
        "find-links": [f"{service.path}/wheels", "https://pypi.example/flat"],
        "config-settings": {"build": 'with "quotes"'},
    }
    assert tomllib.loads(tool.kept_settings()) == kept
    special = {"name": "special", "url": "https://pypi.example/simple", "ignore-error-codes": [403], "explicit": False}
    apart = {"index": [special], "index-strategy": "unsafe-best-match"}
    assert tomllib.loads(tool.kept_settings(apart=True)) == kept | apart


@pytest.mark.parametrize("line", ["fastapi", "Typing.Extensions[more]>=4", "tzdata; sys_platform == 'win32'", "lib"])
def test_a_dependency_that_is_locked_or_comes_from_elsewhere_is_accepted(service, line):
    text = (service.path / "pyproject.toml").read_text().replace('"h11', f'"{line}", "h11')
    (service.path / "pyproject.toml").write_text(text + '[tool.uv.sources]\nlib = { path = "lib" }\n')
    entries = ["-e ./lib", "h11==1", "uvicorn==1", "fastapi==1", "typing-extensions==4 ; python_version > '3'"]
    service.tool("install.py").refuse_forgotten(entries, "requirements.txt")


def test_a_dependency_that_was_not_locked_is_refused(service):
    """Else the image lacks it, and what imports it late fails there."""
    with pytest.raises(SystemExit, match=r"pyproject\.toml names h11, and requirements\.txt does not: type sh docker/"):
        service.tool("install.py").refuse_forgotten(["fastapi==1", "uvicorn==1"], "requirements.txt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[project]\nname =\n", r"pyproject\.toml: Invalid value \(at line 2, column 7\)"),
        ("[project]\n".encode("utf-16"), r"pyproject\.toml is not UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(service, content, said):
    (service.path / "pyproject.toml").write_bytes(content)
    with pytest.raises(SystemExit, match=said):
        service.tool("install.py").manifest()


def test_a_module_that_is_missing_is_no_matter_of_settings(service, monkeypatch):
    tool = service.tool("smoke-test.py")
    monkeypatch.setattr(tool, "OUTPUT", service.path / "log")
    tool.OUTPUT.write_text("KeyError: 'A'\nTraceback:\nModuleNotFoundError: No module named 'flask'\nExiting.\n")
    assert tool.missing_module().startswith("No module named 'flask': if that is a dependency, name its package in")
    tool.OUTPUT.write_text("/usr/local/bin/python3: No module named service\n")
    assert tool.missing_module().startswith("No module named service: ")
    tool.OUTPUT.write_text("ModuleNotFoundError: No module named 'uvloop'\nTraceback:\nmy.SettingsError: none\n")
    assert not tool.missing_module()


@pytest.mark.parametrize(
    ("table", "locked", "said"),
    [
        ("tool.uv.pip", "flask==3", "requirements.txt has no checksums"),
        ("dependency-groups", "flask==3 --hash=sha256:0", "the tools of stage test"),
    ],
)
def test_what_a_project_lacks_for_locking_is_said_with_the_lines_to_add(service, table, locked, said):
    programs = service.path / "programs"
    programs.mkdir()
    (programs / "uv").write_text(f"#!/bin/sh\necho '{locked}' >requirements.txt\n")
    (programs / "uv").chmod(0o755)
    text = (service.path / "pyproject.toml").read_text().replace(f"[{table}]", f"[tool.other.{table}]")
    (service.path / "pyproject.toml").write_text(text)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "docker/tools/lock.sh"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stderr
    assert f"\n[{table}]\n" in done.stderr


def test_a_lock_that_fails_halfway_keeps_folders_and_wheels_of_the_repository(service):
    programs = service.path / "programs"
    programs.mkdir()
    whole = "-e ./lib\n./wheels/a-1.whl \\\n    --hash=sha256:1\nflask==3 \\\n    --hash=sha256:0\n"
    (service.path / "whole").write_text(whole)
    (programs / "uv").write_text(
        '#!/bin/sh\ncase "$*" in *--group*) cp requirements.txt seen; exit 2;; esac\ncp whole requirements.txt\n'
    )
    (programs / "uv").chmod(0o755)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    assert subprocess.run(["sh", "docker/tools/lock.sh"], env=environment).returncode == 2
    assert (service.path / "seen").read_text() == "flask==3 \\\n    --hash=sha256:0\n"
    assert (service.path / "requirements.txt").read_text() == whole
