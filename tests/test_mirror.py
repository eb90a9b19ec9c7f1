"""A company's mirror: every base image comes from there, and nothing else has to be reached."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from support.engine import docker
from support.services import DIAGONAL

pytestmark = pytest.mark.xdist_group("mirror")


@dataclass(frozen=True)
class Mirror:
    """A registry on the loopback interface, and a path in it."""

    container: str
    address: str

    @property
    def requests(self) -> list[str]:
        """What it was asked so far, a line each."""
        return docker("logs", self.container).splitlines()


@pytest.fixture(scope="module")
def mirror(_engine):
    container = docker("run", "--detach", "--publish=127.0.0.1::5000", "registry:2").strip()
    try:
        yield Mirror(container, docker("port", container, "5000/tcp").split()[0] + "/mirror")
    finally:
        docker("rm", "--force", "--volumes", container)


@pytest.mark.parametrize(("language", "base"), DIAGONAL)
def test_base_images_come_from_the_mirror(bake, mirror, ca_bundle, language, base):
    """That nothing else is named, for every combination: tests/test_pins.py."""
    public = bake(language=language, runtime_base=base)
    mirrored = bake(language=language, runtime_base=base, base_registry=mirror.address)
    copies = images(public.read("Dockerfile"), mirrored.read("Dockerfile"))
    for image, copy in copies.items():
        if not docker("image", "inspect", image, check=False).strip("[]\n"):
            docker("pull", image)
        docker("tag", image, copy)
        docker("push", copy)
        docker("rmi", copy)
    before = len(mirror.requests)

    for target in ("test", ""):
        mirrored.build(target=target, ca=ca_bundle)

    asked = set(re.findall(r'"?(?:HEAD|GET) /v2/(\S+)/manifests/(\S+)', "\n".join(mirror.requests[before:])))
    host, _, _ = mirror.address.partition("/")
    assert {f"{host}/{name}:{tag}" for name, tag in asked} >= set(copies.values())


def images(public: str, mirrored: str) -> dict[str, str]:
    """Return what the second Dockerfile calls the images of the first: all that the two differ in."""
    words = zip(*(re.split(r"[\s=,\"]+", text) for text in (public, mirrored)), strict=True)
    return {old: new for old, new in words if old != new and not old.startswith("docker.io/")}
