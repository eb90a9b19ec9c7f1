"""The commands of a fresh service's README run as they are printed, in the order in which they stand there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from support.engine import docker, wait_for
from support.services import LANGUAGES

# What is run below: once, or in the background until the next one needs the port.
ONCE = re.compile(
    r"docker build (-t \S+ \.|--target test \.)|curl localhost|docker/tools/(bake|check-image)\.sh(?!.*--push)"
)
SERVING = re.compile(r"docker run --rm (--init )?-p|docker compose up")
# What is not, and why.
ELSEWHERE = {
    r"/path/to/|corp\.example|example\.com|some-package|company\.pem|ca\.p12": "has a name of the reader's own in it",
    r"--push$|^cosign verify": "needs a registry and a released image; tests/test_pipeline.py",
    r"kustomize|kubectl": "needs a cluster; tests/policy runs kustomize",
    r"OTEL_|--cpu-prof|--heapsnapshot|^docker kill --signal": "needs a collector, or a heap to look at; "
    "tests/variants/node/traced has one",
    r"^pipx run cruft": "needs the template's address; tests/test_updates.py",
    r"^(go|golangci-lint|npm|uv|\. \.venv|python|pytest|ruff|mvn|sh docker/tools/lock\.sh)\b": "needs the "
    "language's own tools; the stage `test` runs the same ones",
}


def commands(readme: str) -> list[str]:
    """Return the commands of all blocks, and those in a sentence that build or serve; without comments."""
    found = re.findall(
        r"^```sh\n(.*?)^```$|`(docker (?:build --target|compose up)[^`]*)`", readme, re.MULTILINE | re.DOTALL
    )
    lines = "\n".join(block or inline for block, inline in found).replace("\\\n", " ").splitlines()
    return [
        re.sub(r"\s+#\s.*|(?<=\S)\s+(?=\S)", lambda gap: "" if "#" in gap[0] else " ", line) for line in lines if line
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_is_tried_or_it_is_said_why_not(bake, language):
    for command in commands(bake(language=language).read("README.md")):
        setting = re.match(r"\w+=", command)  # a line of a settings file
        reasons = [reason for pattern, reason in ELSEWHERE.items() if re.search(pattern, command)]
        tried = ONCE.match(command) or SERVING.match(command)
        assert setting or bool(tried) != bool(reasons), command


@contextmanager
def serving(command: list[str], url: str, **options) -> Iterator[None]:
    """Run a command in the background; it serves `url`, and ends well on Ctrl-C."""
    log = options["cwd"].parent / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(url, timeout=2).ok
        except requests.RequestException:
            return False

    try:
        wait_for(answers, 300, log.read_text)
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) in (0, 130), log.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.usefixtures("_engine")
@pytest.mark.xdist_group("this machine")
def test_the_commands_run_as_they_are_printed(bake, ca_bundle, tmp_path):
    """On a machine that trusts a company's CA besides; the folder is no git repository yet."""
    service = bake(language="go", project_slug="printed", port=str(free_port()))
    folder = shutil.copytree(service.path, tmp_path / "printed")
    (folder / "compose.override.yaml").write_text(
        f"services: {{app: {{build: {{secrets: [ca]}}}}}}\nsecrets: {{ca: {{file: {ca_bundle}}}}}\n"
    )
    # What a machine's own settings would do: hand the CA to every build.
    wrapper = tmp_path / "bin" / "docker"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" != build ] || {{ shift; set -- build --secret "id=ca,src={ca_bundle}" "$@"; }}\n'
        f'exec {shutil.which("docker")} "$@"\n'
    )
    wrapper.chmod(0o755)
    path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
    options = {"cwd": folder, "env": {**os.environ, "PATH": path, "CA_BUNDLE": str(ca_bundle)}}
    url = f"http://localhost:{service.port}"

    tried = [
        command for command in commands(service.read("README.md")) if ONCE.match(command) or SERVING.match(command)
    ]
    ran = 0
    try:
        for command, following in zip(tried, [*tried[1:], ""], strict=True):
            if SERVING.match(command):
                with serving(["bash", "-ec", f"exec {command}"], url, **options):
                    if following.startswith("curl"):
                        assert "Hello" in run(following, **options)
                        ran += 1
                ran += 1
            elif not command.startswith("curl"):
                run(command, **options)
                ran += 1
        assert ran == len(tried) >= 8
    finally:
        subprocess.run(["docker", "compose", "down", "--rmi=local"], capture_output=True, **options)
        docker("rmi", "--force", "printed", check=False)


def run(command: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(["bash", "-ec", command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
