"""The edit loop: every save is served, without a build of the image."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
import requests
from support.engine import EngineError, docker, free_port, wait_for
from support.services import BASES, LANGUAGES, VARIANTS

pytestmark = [
    pytest.mark.parametrize(
        "combination", [(language, BASES[0]) for language in LANGUAGES], ids="-".join, indirect=True, scope="module"
    ),
    pytest.mark.xdist_group("this machine"),  # ports and names of images that there is one of
]


class Loop:
    """`docker compose up --watch` of a service."""

    def __init__(self, service, ca_bundle, log) -> None:
        """Build its stage `dev`; what compose prints from then on goes to the file `log`."""
        self.service, self.log = service, log
        secrets = {"services": {"app": {"build": {"secrets": ["ca"]}}}, "secrets": {"ca": {"file": str(ca_bundle)}}}
        (service.path / "compose.override.yaml").write_text(json.dumps(secrets))
        self.compose("create", "--build")

    def start(self) -> None:
        """Start what was built."""
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                ["docker", "compose", "up", "--watch"], cwd=self.service.path, stdout=output, stderr=subprocess.STDOUT
            )

    def compose(self, *arguments: str) -> str:
        """Run another command of compose in the same folder; return what it printed on stdout."""
        command = ["docker", "compose", *arguments]
        done = subprocess.run(command, cwd=self.service.path, capture_output=True, text=True)
        if done.returncode:
            raise EngineError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def get(self, path: str) -> str:
        """Return the body of the answer to GET `path`; nothing if there is no answer, or another one than 200."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            answer = requests.get(f"http://127.0.0.1:{self.service.port}{path}", timeout=2)
        except requests.RequestException:
            return ""
        return answer.text if answer.ok else ""

    def wait_until(self, happened) -> None:
        """Return as soon as it has; raises EngineError with what compose printed after five minutes."""
        wait_for(happened, 300, self.log.read_text)

    def stop(self) -> None:
        """Leave nothing running, and no image."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.compose("down", "--rmi=all", "--volumes")


@pytest.fixture(scope="module")
def loop(combination, bake, ca_bundle, tmp_path_factory, _engine):
    language, base = combination
    service = bake(language=language, runtime_base=base, project_name=f"Loop {language}", port=str(free_port()))
    began = time.time()
    loop = Loop(service, ca_bundle, tmp_path_factory.mktemp("loop") / "log")
    # As if it had been saved while the image was built, after the builder had read the folder.
    for file in (VARIANTS / language / "probe" / "overlay").rglob("*"):
        if file.is_file():
            saved = service.path / file.relative_to(VARIANTS / language / "probe" / "overlay")
            saved.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, saved)
            os.utime(saved, (began, began))
    loop.start()
    try:
        yield loop
    finally:
        loop.stop()


def test_what_was_saved_during_the_build_is_served(loop):
    loop.wait_until(lambda: loop.get("/slow?ms=0"))


def test_it_is_no_more_than_it_needs_to_be(loop):
    container = loop.compose("ps", "--quiet", "app").strip()
    host = "{{.Privileged}} {{.CapDrop}} {{.SecurityOpt}}"
    seen = docker("inspect", f"--format={{{{with .HostConfig}}}}{host}{{{{end}}}}", container).strip()
    assert seen == "false [ALL] [no-new-privileges:true]"
    assert all("127.0.0.1:" in line for line in docker("port", container).splitlines())
    assert loop.compose("exec", "--no-TTY", "app", "sh", "-c", "id -u").strip() == "65532"


def test_a_saved_file_is_served(loop):
    file = loop.service.path / loop.service.record["routes"]
    file.write_text(file.read_text().replace("Hello from", "Greetings from"))
    loop.wait_until(lambda: "Greetings from" in loop.get("/"))


def test_a_removed_file_is_gone(loop):
    def listed() -> str:
        try:
            return loop.compose("exec", "--no-TTY", "app", "ls", "-R", "/app")
        except EngineError:  # it is being started again
            return ""

    (loop.service.path / "notes").mkdir()
    (loop.service.path / "notes" / "first.txt").write_text("first")
    loop.wait_until(lambda: "first.txt" in listed())
    (loop.service.path / "notes" / "first.txt").rename(loop.service.path / "notes" / "second.txt")
    loop.wait_until(lambda: "second.txt" in (files := listed()) and "first.txt" not in files)


def test_an_error_is_said_once(loop):
    file = loop.service.path / loop.service.record["routes"]
    text, before = file.read_text(), len(loop.log.read_text())
    file.write_text(f"{text}\nthis is no program;\n")

    def said() -> str:
        return loop.log.read_text()[before:]

    loop.wait_until(lambda: file.name in said())
    file.write_text(text.replace("Greetings from", "Back from"))
    loop.wait_until(lambda: "Back from" in loop.get("/"))
    lines = [line for line in said().splitlines() if file.name in line and "_test" not in line]
    assert len(lines) == 1, said()
    assert "FROM " not in said()  # the Dockerfile
