"""A company's mirror: every base image comes from there, and nothing else has to be reached."""

from __future__ import annotations

import re

import pytest
from engine import docker
from service import DIAGONAL

pytestmark = pytest.mark.xdist_group("mirror")


@pytest.fixture(scope="module")
def mirror(_engine):
    """The address of a registry on the loopback interface, empty."""
    container = docker("run", "--detach", "--publish=127.0.0.1::5000", "registry:2").strip()
    try:
        yield docker("port", container, "5000/tcp").split()[0] + "/mirror"
    finally:
        docker("rm", "--force", "--volumes", container)


@pytest.mark.parametrize(("language", "base"), DIAGONAL)
def test_base_images_come_from_the_mirror_alone(bake, mirror, ca_bundle, language, base):
    public = bake(language=language, runtime_base=base)
    mirrored = bake(language=language, runtime_base=base, base_registry=mirror)
    copies = images(public.read("Dockerfile"), mirrored.read("Dockerfile"))
    for image, copy in copies.items():
        if not docker("image", "inspect", image, check=False).strip("[]\n"):
            docker("pull", image)
        docker("tag", image, copy)
        docker("push", copy)
        docker("rmi", copy)

    build = mirrored.build(ca=ca_bundle)

    asked = {match[1] for step in build.steps if (match := re.search(r"load metadata for (\S+)", step.name))}
    asked |= {match[1] for step in build.steps if (match := re.search(r"docker-image://([^\s@]+)", step.name))}
    assert asked
    assert {image for image in asked if not image.startswith(mirror)} == set()
    assert asked <= set(copies.values())


def images(public: str, mirrored: str) -> dict[str, str]:
    """Return what the second Dockerfile calls the images of the first: all that the two differ in."""
    words = zip(*(re.split(r"[\s=,\"]+", text) for text in (public, mirrored)), strict=True)
    return {old: new for old, new in words if old != new and not old.startswith("docker.io/")}
