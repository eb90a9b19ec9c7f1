"""Builders that are somewhere else: BuildKit in containers of its own, with a registry of base images next to them."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.engine import address, docker

# What `docker buildx create` takes by default for the driver docker-container.
BUILDKIT = "moby/buildkit:buildx-stable-1"
PORT = 1234
# Public registries, and where the builders look first. Plain HTTP: the network is theirs alone.
REGISTRY = "registry:5000"
PUBLIC = ["docker.io", "gcr.io", "ghcr.io", "quay.io"]
CONFIG = "".join(f'[registry."{host}"]\n  mirrors = ["{REGISTRY}"]\n' for host in PUBLIC)
CONFIG += f'[registry."{REGISTRY}"]\n  http = true\n'


@dataclass
class Site:
    """A network with a registry, and the builders in it; `name` is the network's, and begins every other name."""

    name: str
    address: str = ""  # of the registry, from outside
    builders: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    configuration: Path = Path()

    def offer(self, image: str) -> None:
        """Put an official image, or the engine's stand-in for it, into the registry."""
        if not docker("image", "ls", "--quiet", image):
            docker("pull", image)
        first, _, rest = image.partition("/")
        path = rest if first in PUBLIC else image if rest else f"library/{image}"
        copy = f"{self.address}/{path}"
        docker("tag", image, copy)
        try:
            docker("push", "--quiet", copy)
        finally:
            docker("rmi", copy)

    def builder(self, driver: str, *options: object) -> str:
        """Create a builder with an empty cache and return its name.

        `driver` is "remote" (a BuildKit that somebody else has started) or "docker-container" (one that buildx starts).
        """
        name = f"{self.name}-{len(self.builders)}"
        if driver == "remote":
            self.containers.append(
                docker(
                    *("run", "--detach", "--privileged", f"--network={self.name}", f"--name={name}"),
                    *(f"--volume={self.configuration}:/etc/buildkit/buildkitd.toml:ro", *options),
                    *(BUILDKIT, f"--addr=tcp://0.0.0.0:{PORT}"),
                ).strip()
            )
            docker("buildx", "create", f"--name={name}", "--driver=remote", f"tcp://{address(name)}:{PORT}")
        else:
            network = f"--driver-opt=network={self.name}"
            docker(
                "buildx", "create", f"--name={name}", f"--driver={driver}", network, f"--config={self.configuration}"
            )
        self.builders.append(name)
        docker("buildx", "inspect", "--bootstrap", name)
        return name

    def remove(self, name: str) -> None:
        """Remove a builder and its cache."""
        self.builders.remove(name)
        docker("buildx", "rm", "--force", name, check=False)
        docker("rm", "--force", "--volumes", name, check=False)


@contextmanager
def site() -> Iterator[Site]:
    """Give a Site whose registry is empty; all of it is gone afterwards."""
    made = Site(f"slim-builders-{secrets.token_hex(3)}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made.configuration = Path(folder, "buildkitd.toml")
        made.configuration.write_text(CONFIG)
        docker("network", "create", made.name)
        try:
            registry = (
                "run",
                "--detach",
                f"--network={made.name}",
                "--network-alias=registry",
                "--publish=127.0.0.1::5000",
            )
            made.containers.append(docker(*registry, "registry:2").strip())
            made.address = docker("port", made.containers[0], "5000/tcp").split()[0]
            yield made
        finally:
            for builder in list(made.builders):
                made.remove(builder)
            docker("rm", "--force", "--volumes", *made.containers, check=False)
            docker("network", "rm", made.name, check=False)
