"""What is expected of a changed service: the file expect.toml of a variant or of a service of the gallery.

bases = ["scratch"]               the bases it is tried on; without it, all of them
options = ["--env=A=b"]           more options of `docker run`
arguments = ["MAIN=./api"]        build arguments
tested = true                     its stage `test` is built, too
build_says = "sentence"           what the build's log contains
log_says = "expression"           what the container's log matches once all was asked
database = true                   DATABASE_URL names a PostgreSQL that is started once the service answers /healthz
commands = [["alembic", "upgrade", "head"]]    run in the image, one after the other, when the database is there
workers = [["celery", "-A", "service", "worker"]]   run in the image beside the service until it stops
title = "Flask, gunicorn"         of a service of the gallery: what it is made of
changes = ["…"]                   of a service of the gallery: what had to be changed to move it in

[[requests]]                      asked in this order, each until it is answered as expected, for 30 s at most
method = "GET"                    the default
path = "/numpy"
status = 200                      the default
json = { determinant = 5 }        what a JSON answer has, besides what else it may have
text = "word"                     what the answer contains
body = "text"                     what is sent
headers = { Accept = "text/html" }
"""

from __future__ import annotations

import re
import tomllib
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import requests

from support.database import database
from support.engine import Container, wait_for
from support.services import BASES, LANGUAGES, Service


@dataclass(frozen=True)
class Expectations:
    """What expect.toml says."""

    bases: list[str] = field(default_factory=lambda: list(BASES))
    requests: list[dict] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    tested: bool = False
    build_says: str = ""
    log_says: str = ""
    database: bool = False
    commands: list[list[str]] = field(default_factory=list)
    workers: list[list[str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    title: str = ""

    @classmethod
    def read(cls, change: Path) -> Expectations:
        """Read expect.toml of the folder `change`."""
        return cls(**tomllib.loads((change / "expect.toml").read_text(encoding="utf-8")))

    def check(self, service: Service, ca: Path) -> None:
        """Build the service, start it with whatever it is to have beside it, ask it everything, and stop it."""
        arguments = [f"--build-arg={argument}" for argument in self.arguments]
        if self.tested:
            service.build(*arguments, target="test", ca=ca)
        # A step that the builder has done before says nothing.
        speaking = ["--no-cache-filter=build,smoke-test"] if self.build_says else []
        build = service.build(*arguments, *speaking, ca=ca)
        assert self.build_says in build.log, build.log
        with ExitStack() as stack:
            options = list(self.options)
            if self.database:
                postgres = stack.enter_context(database())
                options += postgres.options
            container = service.run(build.image, *options)
            stack.callback(container.remove)
            container.wait_until_it_answers()
            if self.database:
                postgres.start()
            for command in self.commands:
                once = service.run(build.image, *options, command=command)
                stack.callback(once.remove)
                assert once.wait() == 0, once.logs()
            for command in self.workers:
                stack.callback(service.run(build.image, *options, command=command).remove)
            self.check_answers(container)
            assert container.stop() in service.record["exit_codes"], container.logs()

    def check_answers(self, container: Container) -> None:
        """Ask the container everything, and look at its log."""
        for request in self.requests:
            seen: list[str] = []
            wait_for(
                lambda request=request, seen=seen: answered(container, request, seen), 30, seen_last(seen, container)
            )
        if self.log_says:
            found = lambda: re.search(self.log_says, container.logs(), re.MULTILINE)  # noqa: E731
            wait_for(found, 10, container.logs)


def answered(container: Container, request: dict, seen: list[str]) -> bool:
    """Say whether a request of expect.toml is answered as expected; what was answered is appended to `seen`."""
    method, path = request.get("method", "GET"), request["path"]
    try:
        response = container.ask(method, path, data=request.get("body"), headers=request.get("headers"))
    except requests.RequestException as error:
        seen.append(f"{method} {path}: {error}")
        return False
    seen.append(f"{method} {path}: {response.status_code} {response.text}")
    if response.status_code != request.get("status", 200) or request.get("text", "") not in response.text:
        return False
    return "json" not in request or request["json"].items() <= response.json().items()


def seen_last(seen: list[str], container: Container):
    """Return a function that tells what was answered last, and the log."""
    return lambda: "\n".join([*seen[-1:], container.logs()])


def changes_with(folder: Path, name: str) -> list[tuple[str, str]]:
    """Return (language, change) for each change in `folder` that has a file `name`."""
    return [
        (language, path.parent.name) for language in LANGUAGES for path in sorted((folder / language).glob(f"*/{name}"))
    ]
