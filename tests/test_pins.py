"""Images are named in one table, templates/images.jinja, which is ready to carry a digest behind each tag."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter
from support.answers import DEFAULTS
from support.engine import docker
from support.services import COMBINATIONS, DIAGONAL, QUESTIONS, ROOT, Service
from support.template import snapshot

TABLE = ROOT / "templates" / "images.jinja"
# An entry as Renovate's custom manager finds it.
MANAGER = next(
    manager
    for manager in json.loads((ROOT / "renovate.json").read_text())["customManagers"]
    if "/^templates/images\\.jinja$/" in manager["managerFilePatterns"]
)
ENTRY = re.compile(MANAGER["matchStrings"][0].replace("(?<", "(?P<"))
# What comes before an image's name in the files of a service.
NAMED = re.compile(
    r"(?:^# syntax=|^FROM (?:--platform=\S+ )?|\bfrom=|^ *(?:image|GRYPE|BUILDKIT): |services: \[|docker-image://|generator="
    r"|driver-opts: image=|--image=|65532:65532 )\"?([\w.-]+(?::\d+)?[\w./-]*:[a-z\d][\w.-]*(?:@sha256:\w+)?)",
    re.MULTILINE,
)


def test_renovate_finds_every_image_of_the_table():
    text = TABLE.read_text()
    entries = text[text.index("{%") : text.index("%}")].count('",\n')
    assert len(ENTRY.findall(text)) == entries > 10


@pytest.fixture(scope="module")
def pinned(tmp_path_factory):
    """A template with a digest behind each tag, as Renovate writes them: another digest for another image."""
    template = snapshot(tmp_path_factory.mktemp("pinned") / "slim-templates")
    table = template / "templates" / "images.jinja"
    digests = iter(range(1, 1000))
    table.write_text(ENTRY.sub(lambda entry: f'{entry[0][:-1]}@sha256:{next(digests):064x}"', table.read_text()))
    return template


@pytest.mark.parametrize("mirror", ["", "mirror.corp.example:5000/docker"])
@pytest.mark.parametrize("ci", QUESTIONS["ci"])
def test_with_digests_a_fresh_service_names_no_image_without_one(pinned, tmp_path, ci, mirror):
    for language, base in COMBINATIONS if ci == QUESTIONS["ci"][0] and not mirror else DIAGONAL:
        answers = {"language": language, "runtime_base": base, "ci": ci, "base_registry": mirror}
        answers["project_slug"] = f"{language}-{base}"
        folder = cookiecutter(str(pinned), no_input=True, extra_context=answers, output_dir=tmp_path)
        named = set()
        for path in tmp_path.joinpath(folder).rglob("*"):
            if path.is_file() and path.name != "renovate.json":  # it has patterns for images
                named.update(NAMED.findall(path.read_text()))
        named = {name for name in named if f"{DEFAULTS['owner']}/" not in name}
        assert len(named) >= 3
        assert not {name for name in named if "@sha256:" not in name}
        assert not {name for name in named if mirror and not name.startswith(f"{mirror}/")}
        # A label holds the name of the base; what follows it is for the registry.
        assert "@" not in re.search(r'image\.base\.name="(.*)"', (tmp_path / folder / "Dockerfile").read_text())[1]


def test_a_pinned_service_builds_from_a_mirror(registry, ca_bundle, tmp_path):
    """With the digests of the images that are here, which a registry serves by them."""
    template = snapshot(tmp_path / "slim-templates")
    mirror, pins = f"{registry}/mirror", {}
    dockerfile = (ROOT / "docs" / "dockerfiles" / "go-scratch.Dockerfile").read_text()
    for image in set(NAMED.findall(dockerfile)):
        path = image if "/" in image else f"library/{image}"
        copy = f"{mirror}/{path.removeprefix('gcr.io/')}"
        docker("tag", image, copy)
        docker("push", copy)
        docker("rmi", copy)
        raw = docker("buildx", "imagetools", "inspect", "--raw", copy)
        pins[image] = f"{image}@sha256:{hashlib.sha256(raw.encode()).hexdigest()}"
    table = template / "templates" / "images.jinja"
    table.write_text(ENTRY.sub(lambda entry: f'"{pins.get(entry[0][1:-1], entry[0][1:-1])}"', table.read_text()))

    answers = {"language": "go", "runtime_base": "scratch", "base_registry": mirror}
    folder = cookiecutter(str(template), no_input=True, extra_context=answers, output_dir=tmp_path)
    service = Service(Path(folder), "go", "scratch", "pinned")
    assert all("@sha256:" in image for image in NAMED.findall(service.read("Dockerfile")))
    service.build(target="rootfs", ca=ca_bundle)  # it needs the syntax, the builder and the base, and compiles nothing


TESTBED = ROOT / "tests" / "testbed"
# What switches off the checks of those who download without a hash of ours.
UNCHECKED = r"trusted=yes|allow-unauthenticated|AllowUnauthenticated|AllowInsecure|GONOSUM|GOINSECURE|GOSUMDB|GOFLAGS"


def test_what_the_test_bed_downloads_is_held_to_a_hash():
    """Of packages and files; apt has Debian's signed lists, and go a public log of hashes."""
    names = set()
    for recipe in TESTBED.glob("images/*.Dockerfile"):
        text = recipe.read_text()
        names.update(re.findall(r"^ARG (\w+)$", text, re.MULTILINE))
        assert not re.search(UNCHECKED, text)
        assert all("--require-hashes" in line for line in text.splitlines() if "pip download" in line), recipe
        for run in re.split(r"^(?=RUN )", text, flags=re.MULTILINE):
            downloads = len(re.findall(r"\bcurl -|\bnpm pack\b", run))
            assert downloads == len(re.findall(r"\bsha\d+sum (?:--quiet )?-c", run)), run
    assert not re.search(UNCHECKED, (TESTBED / "up").read_text())
    pins = dict(re.findall(r"^(\w+)=(.*)$", (TESTBED / "pins").read_text(), re.MULTILINE))
    assert pins.keys() <= names
    for name, pin in pins.items():
        assert name == "BUILDKIT" or re.fullmatch(r"[\d.]+( --hash=sha(256:[\da-f]{64}|512:[\da-f]{128}))+", pin), name
