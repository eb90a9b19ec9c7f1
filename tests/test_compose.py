"""The development loop: what runs while one edits is what ships, and every save is served."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess

import pytest
import requests
from support.engine import EngineError, docker, wait_for
from support.services import BASES, LANGUAGES, VARIANTS

pytestmark = [
    pytest.mark.parametrize(
        "combination", [(language, BASES[0]) for language in LANGUAGES], ids="-".join, indirect=True, scope="module"
    ),
    pytest.mark.xdist_group("this machine"),  # ports and names of images that there is one of
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Loop:
    """`docker compose up --build --watch` of a service."""

    def __init__(self, service, ca_bundle, log) -> None:
        """Start it; what it prints goes to the file `log`."""
        self.service, self.log = service, log
        self.environment = os.environ
        secrets = {"services": {"app": {"build": {"secrets": ["ca"]}}}, "secrets": {"ca": {"file": str(ca_bundle)}}}
        (service.path / "compose.override.yaml").write_text(json.dumps(secrets))
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                ["docker", "compose", "up", "--build", "--watch"],
                cwd=service.path,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def compose(self, *arguments: str) -> str:
        """Run another command of compose in the same folder; return what it printed on stdout."""
        command = ["docker", "compose", *arguments]
        done = subprocess.run(command, cwd=self.service.path, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise EngineError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def answers(self, path: str) -> bool:
        """Say whether GET `path` is answered with success."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(f"http://127.0.0.1:{self.service.port}{path}", timeout=2).ok
        except requests.RequestException:
            return False

    def wait_until_it_answers(self, path: str) -> None:
        """Return as soon as it does; raises EngineError with what compose printed after five minutes."""
        wait_for(lambda: self.answers(path), 300, self.log.read_text)

    def stop(self) -> None:
        """Leave nothing running, and no image."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.compose("down", "--rmi=local", "--volumes")


@pytest.fixture(scope="module")
def loop(combination, bake, built, ca_bundle, tmp_path_factory):
    language, base = combination
    service = bake(language=language, runtime_base=base, project_name=f"Loop {language}", port=str(free_port()))
    loop = Loop(service, ca_bundle, tmp_path_factory.mktemp("loop") / "log")
    try:
        loop.wait_until_it_answers("/")
        yield loop
    finally:
        loop.stop()


def test_what_runs_is_as_hardened_as_in_production(loop):
    container = loop.compose("ps", "--quiet", "app").strip()
    host = "{{.ReadonlyRootfs}} {{.CapDrop}} {{.SecurityOpt}} {{.Memory}}"
    seen = docker("inspect", f"--format={{{{with .HostConfig}}}}{host}{{{{end}}}}", container).strip()
    assert seen == f"true [ALL] [no-new-privileges:true] {loop.service.record['memory'] << 20}"
    assert all("127.0.0.1:" in line for line in docker("port", container).splitlines())


def test_a_shell_beside_it_sees_its_processes_files_and_network(loop):
    look = f"ls /proc/1/root/app && wget -q -O - localhost:{loop.service.port}/healthz && id -u"
    seen = loop.compose("run", "--rm", "--no-TTY", "debug", "sh", "-c", look)
    assert '{"status":"ok"}' in seen.replace(" ", "")
    assert seen.endswith("65532\n")


def test_a_saved_file_is_served(loop):
    assert not loop.answers("/slow?ms=0")
    shutil.copytree(VARIANTS / loop.service.language / "probe" / "overlay", loop.service.path, dirs_exist_ok=True)
    loop.wait_until_it_answers("/slow?ms=0")
