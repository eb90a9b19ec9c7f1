"""A freshly made service: what the tests change, build and run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import ssl
import tomllib
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path, PurePosixPath
from types import ModuleType

import certifi
import pytest

from support import engine

ROOT = Path(__file__).resolve().parent.parent.parent
VARIANTS = ROOT / "tests" / "variants"
GALLERY = ROOT / "tests" / "gallery"

# Names of images: two runs of the tests on one engine take different ones.
PREFIX = os.environ.get("SLIM_TEST_PREFIX", "slim-templates-test")

# The matrix and the rules exist once, in cookiecutter.json: a new choice is tested the moment it is written.
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
for _name, _labels in QUESTIONS["__prompts__"].items():
    if isinstance(_labels, dict):  # a choice: its options are what has a label, the default first
        QUESTIONS[_name] = sorted(_labels.keys() - {"__prompt__"}, key=[QUESTIONS[_name], *_labels].index)
LANGUAGES = QUESTIONS["language"]
BASES = QUESTIONS["runtime_base"]
COMBINATIONS = [(language, base) for language in LANGUAGES for base in BASES]
# Each language once and each base at least once, for what is no different from combination to combination.
DIAGONAL = list(zip(LANGUAGES, cycle(BASES), strict=False))
ONE_BASE = pytest.mark.parametrize("combination", DIAGONAL, ids="-".join, indirect=True)

# What is special about each language, and what its images are held to.
RECORDS = json.loads((ROOT / "languages.json").read_text(encoding="utf-8"))


def expected_files(**answers: str) -> set[str]:
    """Return the paths of the files that a service with these answers has; the others are the defaults."""
    tree = ROOT / "{{cookiecutter.project_slug}}"
    alternatives = QUESTIONS["_alternatives"]
    chosen = {question: QUESTIONS[question][0] for question in alternatives.values()} | answers
    roots = [tree, *(tree / folder / chosen[question] for folder, question in alternatives.items())]
    files = {path.relative_to(root).as_posix() for root in roots for path in root.rglob("*") if path.is_file()}
    return {name for name in files if name.partition("/")[0] not in alternatives}


def host_roots() -> Path:
    """Return the bundle of CA certificates that this machine trusts: what its owner would hand to a build."""
    return Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or certifi.where())


@dataclass(frozen=True)
class Service:
    """A generated service in a folder of its own."""

    path: Path
    language: str
    base: str
    variant: str = ""

    @property
    def port(self) -> int:
        """The port the service was told to listen on."""
        return int(re.search(r"^ENV PORT=(\d+)", self.read("Dockerfile"), re.MULTILINE)[1])

    @property
    def tag(self) -> str:
        """The name its image gets in the tests."""
        return "-".join(filter(None, [f"{PREFIX}/{self.language}", self.base, self.variant]))

    @property
    def record(self) -> dict:
        """What languages.json says of its language."""
        return RECORDS[self.language]

    @property
    def size_budget(self) -> float:
        """Bytes its image may have, unpacked."""
        return self.record["sizes"][self.base] * 1e6

    @property
    def memory(self) -> int:
        """MB that its container gets: what docker/limits.env says."""
        return int(re.search(r"^MEMORY_MB=(\d+)", self.read("docker/limits.env"), re.MULTILINE)[1])

    def read(self, name: str) -> str:
        """Return the text of one of its files."""
        return (self.path / name).read_text(encoding="utf-8")

    def tool(self, name: str) -> ModuleType:
        """Return one of its programs in docker/tools that is written in Python, loaded and not run."""
        specification = importlib.util.spec_from_file_location("tool", self.path / "docker" / "tools" / name)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module

    def files(self) -> set[str]:
        """Return the paths of all its files, relative to it, with forward slashes."""
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    def with_variant(self, name: str, folder: Path, ca: Path) -> Service:
        """Return a copy in `folder` with tests/variants/LANGUAGE/NAME applied."""
        return self.changed(VARIANTS / self.language / name, folder, ca)

    def changed(self, change: Path, folder: Path, ca: Path) -> Service:
        """Return a copy in `folder` to which the files of the folder `change` were applied, in this order.

        `remove`, a glob pattern a line, takes files away; the files of `overlay` are copied over; `add`, a shell
        command of the ecosystem that adds a dependency, is run in the service's own stage `deps`, where the
        ecosystem's tools are. `ca` is a PEM bundle for its downloads.
        """
        path = shutil.copytree(self.path, folder / f"{self.path.name}-{change.name}", symlinks=True)
        if (change / "remove").exists():
            for pattern in (change / "remove").read_text(encoding="utf-8").split():
                removed = list(path.glob(pattern))
                assert removed, f"{change / 'remove'}: there is no {pattern}"
                for file in removed:
                    shutil.rmtree(file) if file.is_dir() else file.unlink()
        if (change / "overlay").exists():
            shutil.copytree(change / "overlay", path, dirs_exist_ok=True, symlinks=True)
        edited = Service(path, self.language, self.base, change.name)
        if (change / "add").exists():
            tools = edited.build(target="deps", ca=ca).image.tag
            bundle = "/etc/ssl/certs/ca-certificates.crt"
            options = [f"--volume={path}:/service", "--workdir=/service", f"--volume={ca}:{bundle}:ro"]
            options += [f"--env=SSL_CERT_FILE={bundle}", f"--env=NODE_EXTRA_CA_CERTS={bundle}", "--env=HOME=/tmp"]
            user = f"--user={path.stat().st_uid}:{path.stat().st_gid}"
            engine.docker("run", "--rm", user, *options, tools, "sh", "-euc", (change / "add").read_text())
        return edited

    def build(self, *options: object, target: str = "", ca: Path | None = None, **how: str) -> engine.Build:
        """Build its Dockerfile, or its stage `target` under a name of its own.

        `ca` is the PEM bundle for the build secret of that name.
        """
        tag, stage = (f"{self.tag}-{target}", [f"--target={target}"]) if target else (self.tag, [])
        secret = [f"--secret=id=ca,src={ca}"] if ca else []
        return engine.build(self.path, tag, *stage, *secret, *options, **how)

    def run(
        self, image: engine.Image, *options: object, port: int | None = None, command: list[str] | None = None
    ) -> engine.Container:
        """Start a hardened container of `image` with the memory it is allowed; on another `port` if asked.

        `command` is run instead of the image's own entry point.
        """
        if port:
            options = (*options, f"--env=PORT={port}")
        limits = [f"--memory={self.memory}m", *options]
        return image.run(*limits, tmpfs=self.record["tmpfs"], port=port or self.port, command=command or [])

    def extra_ca(self, bundle: Path, image: engine.Image) -> list[str]:
        """Return the options of `docker run` that make a container of `image` trust the PEM `bundle` as well.

        Where the language's runtime reads another format, the command that the variant names makes it of the bundle.
        """
        trust = tomllib.loads((VARIANTS / self.language / "probe" / "trust.toml").read_text(encoding="utf-8"))
        if "convert" in trust:
            program, *arguments = trust["convert"]
            user = f"--user={bundle.parent.stat().st_uid}:{bundle.parent.stat().st_gid}"
            volume = f"--volume={bundle.parent}:/ca"
            engine.docker("run", "--rm", user, volume, f"--entrypoint={program}", image.tag, *arguments)
            bundle = bundle.parent / PurePosixPath(trust["mount"]).name
        environment = [f"--env={name}={value}" for name, value in trust["env"].items()]
        return [f"--volume={bundle}:{trust['mount']}:ro", *environment]
