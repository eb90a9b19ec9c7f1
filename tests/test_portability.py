"""The template works on other people's machines: any supported Python, any cookiecutter since the oldest, Windows."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.files import contents
from support.services import COMBINATIONS, ROOT
from support.template import OLDEST_COOKIECUTTER, git

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
SCRIPTS = [*(ROOT / "hooks").glob("*.py"), ROOT / "slim_answers.py"]
NOT_ON_WINDOWS = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NOT_IN_OS_ON_WINDOWS = {"chown", "fork", "geteuid", "getuid", "killpg", "mkfifo", "mknod", "setsid", "uname", "symlink"}
REFUSED_BY_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def interpreter(version: str) -> str | None:
    """Return a Python of this version that can be found here."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    if homes := sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")):
        return str(homes[-1])
    python = shutil.which(f"python{version}")  # it may be a shim of pyenv that starts another one, or none
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    told = python and subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
    return python if told == version else None


FOUND = {version: python for version in PYTHONS if (python := interpreter(version))}


@pytest.mark.parametrize("python", FOUND.values(), ids=FOUND.keys())
@pytest.mark.parametrize("cookiecutter", ["newest", "oldest"])
def test_every_python_makes_the_same_service(bake, tmp_path, python, cookiecutter):
    subprocess.run(["uv", "venv", "--quiet", f"--python={python}", tmp_path / "venv"], check=True)
    venv = tmp_path / "venv" / "bin"
    package = "cookiecutter" if cookiecutter == "newest" else f"cookiecutter=={OLDEST_COOKIECUTTER}"
    subprocess.run(["uv", "pip", "install", "--quiet", f"--python={venv / 'python'}", package], check=True)
    command = [venv / "cookiecutter", "--no-input", "--default-config", f"--output-dir={tmp_path / 'out'}", ROOT]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "error"})
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out" / "hello-service") == contents(bake().path)


@pytest.mark.usefixtures("_engine")
def test_the_newest_python_makes_the_same_service(bake, tmp_path):
    """In the image that the Python services are built from; the packages are this environment's, in pure Python."""
    packages = Path(pytest.__file__).parent.parent
    mounts = [f"--volume={ROOT}:/template:ro", f"--volume={packages}:/packages:ro", f"--volume={tmp_path}:/out"]
    command = ["python", "-m", "cookiecutter", "/template", "--no-input", "--default-config", "--output-dir=/out"]
    environment = ["--env=PYTHONPATH=/packages", "--env=PYTHONDONTWRITEBYTECODE=1", "--env=HOME=/tmp"]
    user = f"--user={os.getuid()}:{os.getgid()}"
    done = subprocess.run(
        ["docker", "run", "--rm", user, *mounts, *environment, "python:3.14-slim-trixie", *command],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "hello-service") == contents(bake().path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_use_what_every_python_and_windows_have(script):
    tree = ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 10))
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
        for name in {name.partition(".")[0] for name in names}:
            assert name not in NOT_ON_WINDOWS
            if script.parent.name == "hooks":
                assert name in sys.stdlib_module_names
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            assert node.attr not in NOT_IN_OS_ON_WINDOWS


def test_windows_can_check_the_template_out():
    names = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    folders = {parent.as_posix() for name in names for parent in Path(name).parents}
    for name in names:
        assert not [part for part in name.split("/") if REFUSED_BY_WINDOWS.search(part)], name
        assert len(name) < 150, name
    everything = {*names, *folders}
    assert len({name.lower() for name in everything}) == len(everything)


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_windows_can_hold_the_service(bake, combination):
    service = bake(language=combination[0], runtime_base=combination[1])
    names = service.files()
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert not [part for part in name.split("/") if REFUSED_BY_WINDOWS.search(part)], name
        # The longest slug, and a moment in which the file stands in languages/LANGUAGE/.
        assert len(f"{'x' * 63}/languages/{combination[0]}/{name}") < 200, name


def test_line_ends_of_windows_do_not_get_into_a_service(bake, cookies_session, tmp_path):
    """Git on Windows checks out with CRLF."""
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        if name and not name.startswith("tests/") and (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes().replace(b"\n", b"\r\n"))
            shutil.copymode(ROOT / name, tmp_path / name)
    made = cookies_session.bake(template=str(tmp_path))
    assert not made.exception
    assert contents(made.project_path) == contents(bake().path)
