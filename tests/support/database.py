"""A real PostgreSQL on a network of its own, for services that want one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from support.engine import docker, wait_for

# An official image's name; tests/testbed/up makes a stand-in of it where it cannot be pulled.
POSTGRES = "postgres:17-trixie"


@dataclass
class Database:
    """A database that containers on `network` call `database`, once it was started."""

    network: str
    container: str = ""

    @property
    def options(self) -> list[str]:
        """What `docker run` is told for a service that finds the database."""
        return [f"--network={self.network}", "--env=DATABASE_URL=postgresql://app:secret@database:5432/app"]

    def start(self) -> None:
        """Start PostgreSQL and return once it accepts connections."""
        account = ["--env=POSTGRES_USER=app", "--env=POSTGRES_PASSWORD=secret", "--env=POSTGRES_DB=app"]
        network = [f"--network={self.network}", "--network-alias=database"]
        self.container = docker("run", "--detach", *network, *account, POSTGRES).strip()
        # Over TCP: while it sets itself up it answers on its socket only.
        ready = ["exec", self.container, "pg_isready", "--host=127.0.0.1", "--username=app"]
        wait_for(lambda: "accepting" in docker(*ready, check=False), 60, lambda: docker("logs", self.container))


@contextmanager
def database() -> Iterator[Database]:
    """Give a network, and a database in it that is not started yet; both go away again."""
    made = Database(f"slim-{uuid.uuid4().hex[:12]}")
    docker("network", "create", made.network)
    try:
        yield made
    finally:
        if made.container:
            docker("rm", "--force", "--volumes", made.container)
        docker("network", "rm", made.network)
