"""A freshly made service: what the tests change, build and run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import engine

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = ROOT / "tests" / "variants"

# The matrix and the rules exist once, in cookiecutter.json: a new choice is tested the moment it is written.
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
LANGUAGES = QUESTIONS["language"]
BASES = QUESTIONS["runtime_base"]
CELLS = [(language, base) for language in LANGUAGES for base in BASES]

CONTRACT = tomllib.loads((ROOT / "tests" / "contract.toml").read_text(encoding="utf-8"))


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
        return "-".join(filter(None, ["slim-templates-test/" + self.language, self.base, self.variant]))

    @property
    def contract(self) -> dict:
        """What contract.toml says of its language."""
        return CONTRACT[self.language]

    @property
    def size_budget(self) -> float:
        """Bytes its image may have, unpacked."""
        return self.contract["size"][self.base] * 1e6

    def read(self, name: str) -> str:
        """Return the text of one of its files."""
        return (self.path / name).read_text(encoding="utf-8")

    def files(self) -> set[str]:
        """Return the paths of all its files, relative to it, with forward slashes."""
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    def with_variant(self, name: str, folder: Path) -> Service:
        """Return a copy in `folder` with tests/variants/LANGUAGE/NAME applied: its files, then its `add` command."""
        path = shutil.copytree(self.path, folder / f"{self.path.name}-{name}")
        variant = VARIANTS / self.language / name
        shutil.copytree(variant / "overlay", path, dirs_exist_ok=True)
        if (variant / "add").exists():
            done = subprocess.run([variant / "add"], cwd=path, capture_output=True, text=True)
            if done.returncode:
                raise engine.EngineError(f"{variant / 'add'}\n{done.stdout}{done.stderr}")
        return Service(path, self.language, self.base, name)

    def build(self, *options: object, ca: Path | None = None) -> engine.Build:
        """Build its Dockerfile; `ca` is the PEM bundle for the build secret of that name."""
        secret = [f"--secret=id=ca,src={ca}"] if ca else []
        return engine.build(self.path, self.tag, *secret, *options)

    def run(self, image: engine.Image, *options: object, port: int | None = None) -> engine.Container:
        """Start a hardened container of `image`, on another `port` if asked, with the memory its contract allows."""
        if port:
            options = (*options, f"--env=PORT={port}")
        return image.run(f"--memory={self.contract['memory']}m", *options, port=port or self.port)

    def extra_ca(self, bundle: Path) -> list[str]:
        """Return the options of `docker run` that make a container trust the PEM `bundle` as well."""
        environment = [f"--env={name}={value}" for name, value in self.trust["env"].items()]
        return [f"--volume={bundle}:{self.trust['mount']}:ro", *environment]
