"""Podman and buildah build the services, too: the command is the one of docs/podman.md."""

from __future__ import annotations

import re
import subprocess

import pytest
from support.engine import EngineError, Image, base_images, docker
from support.services import DIAGONAL, PREFIX, ROOT

pytestmark = pytest.mark.xdist_group("podman")

# An official image's name; tests/testbed/up makes a stand-in of it where it cannot be pulled.
BUILDAH = "quay.io/buildah/stable:latest"
COMMAND = re.search(r"^    (sed .*? podman build .*)$", (ROOT / "docs" / "podman.md").read_text(), re.MULTILINE)[1]


@pytest.fixture(scope="module")
def buildah(_engine, ca_bundle):
    """Buildah, which is what podman builds with, in a container; it takes images from the engine and gives it some."""
    socket = "--volume=/var/run/docker.sock:/run/docker.sock"
    options = ["--privileged", socket, f"--volume={ca_bundle}:/ca.pem:ro", "--env=BUILDAH_ISOLATION=chroot"]
    container = docker("run", "--detach", *options, "--entrypoint=sleep", BUILDAH, "infinity").strip()

    def buildah(script: str, folder: str = "/") -> str:
        command = ["docker", "exec", f"--workdir={folder}", container, "sh", "-euc", script]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise EngineError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    try:
        yield lambda folder: docker("cp", f"{folder}/.", f"{container}:/service"), buildah
    finally:
        docker("rm", "--force", "--volumes", container)


@pytest.mark.parametrize(("language", "base"), DIAGONAL, ids=map("-".join, DIAGONAL))
def test_a_service_builds_and_passes_its_image_check(bake, buildah, language, base):
    copy, run = buildah
    service = bake(language=language, runtime_base=base)
    run("rm -rf /service && mkdir /service")
    copy(service.path)
    for image in sorted(base_images(service.read("Dockerfile"))):
        if not docker("image", "ls", "--quiet", image):
            docker("pull", image)
        run(f"buildah inspect --type image {image} >/dev/null 2>&1 || buildah pull --quiet docker-daemon:{image}")

    image = Image(f"{PREFIX}/podman-{language}")
    # As high as a container may set them, whatever the machine.
    options = (
        f"--secret id=ca,src=/ca.pem --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --tag localhost/{language}"
    )
    log = run(COMMAND.replace("podman build", f"buildah build {options}").replace("--tag NAME ", ""), "/service")
    assert "smoke-test: " in log
    run(f"buildah push --quiet localhost/{language} docker-daemon:{image.tag}:latest")

    assert image.config["Healthcheck"]["Test"][0] == "CMD"
    check = subprocess.run(
        ["sh", service.path / "docker" / "tools" / "check-image.sh", image.tag], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stdout + check.stderr
