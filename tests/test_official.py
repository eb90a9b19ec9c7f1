"""What the recipes rely on in the official images, fact by fact; a stand-in has the same or says why it cannot."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath

import pytest
from support.database import POSTGRES
from support.engine import docker
from support.services import ROOT

TESTBED = ROOT / "tests" / "testbed"
FACTS = tomllib.loads((TESTBED / "facts.toml").read_text(encoding="utf-8"))["fact"]
NAMED = [
    *subprocess.run([TESTBED / "up", "--list"], capture_output=True, text=True, check=True).stdout.split(),
    POSTGRES,
]


def matches(fact: dict, image: str) -> bool:
    """Say whether a fact is one about this image."""
    return any(fnmatchcase(image, pattern) for pattern in fact["images"])


def test_every_image_that_is_named_has_facts_and_every_fact_its_image():
    # The frontend is BuildKit's own affair: what it can do, the builds show.
    bare = {image for image in NAMED if not any(matches(fact, image) for fact in FACTS)} - {"docker/dockerfile:1"}
    dead = [fact["images"] for fact in FACTS if not any(matches(fact, image) for image in NAMED)]
    assert (bare, dead) == (set(), [])


def test_what_a_stand_in_cannot_have_is_said_where_stand_ins_are_described():
    readme = (TESTBED / "README.md").read_text(encoding="utf-8")
    assert [fact["stand_in"] for fact in FACTS if fact.get("stand_in", "") not in readme] == []


@dataclass
class Official:
    """An image of an official name, its files listed."""

    name: str

    @cached_property
    def config(self) -> dict:
        """Its configuration."""
        return json.loads(docker("image", "inspect", self.name))[0]["Config"]

    @property
    def is_stand_in(self) -> bool:
        """Whether tests/testbed made it."""
        return "slim-templates.stand-in" in (self.config.get("Labels") or {})

    @cached_property
    def files(self) -> dict[str, tarfile.TarInfo]:
        """Its files by absolute path; the content of small ones is in `pax_headers`, under "content"."""
        container = docker("create", self.name, "true").strip()
        try:
            with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as export:
                files = {}
                with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                    for file in archive:
                        if file.isfile() and file.size < 20_000 and file.name.startswith(("etc/", "usr/lib/os-")):
                            file.pax_headers = {"content": archive.extractfile(file).read().decode(errors="replace")}
                        files["/" + file.name.rstrip("/")] = file
                return files
        finally:
            docker("rm", container)

    def real(self, path: str) -> str:
        """Follow the symbolic links in a path, to wherever they lead inside the image."""
        done = PurePosixPath("/")
        rest = list(PurePosixPath(path).parts[1:])
        for _ in range(200):
            if not rest:
                return str(done)
            part = rest.pop(0)
            done = done.parent if part == ".." else done / part
            file = self.files.get(str(done))
            if file is not None and file.issym():
                target = PurePosixPath(file.linkname)
                done, parts = (
                    (PurePosixPath("/"), target.parts[1:]) if target.is_absolute() else (done.parent, target.parts)
                )
                rest = [*parts, *rest]
        raise AssertionError(f"{self.name}: {path} is a circle of links")

    def found(self, pattern: str) -> list[str]:
        """Return the files that a path names, through links; `*` in its last part or parts stands for anything."""
        folder, wildcard, _ = pattern.partition("*")
        if not wildcard:
            return [path for path in [self.real(pattern)] if path in self.files]
        folder = folder.rpartition("/")[0]
        pattern = self.real(folder) + pattern[len(folder) :]
        return [path for path in self.files if fnmatchcase(path, pattern)]

    def prints(self, command: str) -> str:
        """Return what a command in a shell of the image prints on stdout."""
        run = ["docker", "run", "--rm", "--entrypoint=sh", self.name, "-c", command]
        return subprocess.run(run, capture_output=True, text=True).stdout


IMAGES: dict[str, Official] = {}


@pytest.fixture
def official(_engine, request) -> Official:
    """The image that the test asks about; looked into once."""
    name = request.param
    if name not in IMAGES:
        if not docker("image", "ls", "--quiet", name):
            docker("pull", name)
        IMAGES[name] = Official(name)
    return IMAGES[name]


CHECKS = {"has", "lacks", "contains", "links", "owner", "env", "entrypoint", "user", "workdir", "prints"}


def differences(image: Official, fact: dict) -> list[str]:
    """Return the parts of the fact that do not hold."""
    config = image.config
    environment = dict(entry.split("=", 1) for entry in config.get("Env") or [])
    wrong = [f"has no {path}" for path in fact.get("has", []) if not image.found(path)]
    wrong += [f"has {found}" for path in fact.get("lacks", []) for found in image.found(path)[:1]]
    for path, text in fact.get("contains", {}).items():
        file = image.files.get(image.real(path))
        if file is None or text not in file.pax_headers.get("content", ""):
            wrong.append(f"{path} does not contain {text}")
    for path, target in fact.get("links", {}).items():
        file = image.files.get(path)
        if file is None or file.linkname != target:
            wrong.append(f"{path} is no link to {target}")
    for path, wanted in fact.get("owner", {}).items():
        file = image.files[image.real(path)]
        if f"{file.uid}:{file.gid} {file.mode:o}" != wanted:
            wrong.append(f"{path} is {file.uid}:{file.gid} {file.mode:o}")
    wrong += [
        f"{name}={environment.get(name)}"
        for name, value in fact.get("env", {}).items()
        if environment.get(name) != value
    ]
    if "entrypoint" in fact and (config.get("Entrypoint") or []) != fact["entrypoint"]:
        wrong.append(f"entrypoint {config.get('Entrypoint')}")
    if "user" in fact and config.get("User", "") != fact["user"]:
        wrong.append(f"user {config.get('User')}")
    if "workdir" in fact and config.get("WorkingDir", "") != fact["workdir"]:
        wrong.append(f"workdir {config.get('WorkingDir')}")
    for command, expression in fact.get("prints", {}).items():
        if not re.search(expression, printed := image.prints(command), re.MULTILINE):
            wrong.append(f"{command} prints {printed}")
    return wrong


ASKED = [
    pytest.param(name, fact, id=f"{name}: {fact['because'][:40]}", marks=pytest.mark.xdist_group(f"official {name}"))
    for name in NAMED
    for fact in FACTS
    if matches(fact, name)
]


@pytest.mark.parametrize(("official", "fact"), ASKED, indirect=["official"])
def test_an_image_is_what_its_name_promises(official, fact):
    assert fact.keys() <= {"images", "because", "read_in", "stand_in", *CHECKS}
    wrong = differences(official, fact)
    if official.is_stand_in and "stand_in" in fact:
        assert wrong, "the stand-in has it now: take `stand_in` away in facts.toml, and the words in README.md"
    else:
        assert not wrong, f"{fact['read_in']} says otherwise"
