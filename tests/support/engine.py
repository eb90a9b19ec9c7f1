"""A container engine, asked through its command line; and what it makes: builds, images, containers."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import requests

from support.client import Connection

# What the Kubernetes "restricted" profile and a careful operator ask for; and /tmp, with its options if any.
# --init: until a process has its handlers, the kernel ignores signals to PID 1, and `docker stop` would wait and kill.
HARDENED = ["--init", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]

# Clients that run in the network of what they ask: the program, and the image that it runs in.
CLIENT = Path(__file__).with_name("client.py")
IMAGES = (CLIENT.parents[2] / "templates" / "images.jinja").read_text(encoding="utf-8")
PYTHON = re.search(r'"python": "(.+)"', IMAGES)[1]


class EngineError(Exception):
    """A command of the engine failed; the message holds the command and what it printed."""


def docker(*args: object, check: bool = True) -> str:
    """Run `docker ARGS` and return what it printed on stdout.

    Raises EngineError, with both outputs, on an exit code other than 0 unless `check` is false.
    """
    done = subprocess.run(["docker", *map(str, args)], capture_output=True, text=True)
    if check and done.returncode:
        raise EngineError(f"docker {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
    return done.stdout


def missing_engine() -> str | None:
    """Return why no image can be built here, or None where an engine answers."""
    try:
        docker("buildx", "version")
        docker("version", "--format={{.Server.Version}}")
    except FileNotFoundError:
        return "no docker command; tests/testbed/up brings an engine up"
    except EngineError as error:
        return f"no container engine answers ({str(error).strip().splitlines()[-1]}); tests/testbed/up brings one up"
    return None


def base_images(dockerfile: str) -> set[str]:
    """Return the images that the text of a Dockerfile starts stages from or mounts."""
    return set(re.findall(r"(?:^FROM (?:--\S+ )?|from=)([a-z][\w./-]*:[\w.-]+)", dockerfile, re.MULTILINE))


def stand_ins(dockerfile: str) -> set[str]:
    """Return those of the images named in the text of a Dockerfile that are stand-ins (tests/testbed) here."""
    label = '--format={{index .Config.Labels "slim-templates.stand-in"}}'
    return {image for image in base_images(dockerfile) if docker("image", "inspect", label, image, check=False).strip()}


@dataclass(frozen=True)
class Step:
    """One step of a build as BuildKit names it, for example `[build 2/3] COPY . .`, and how many seconds it took."""

    name: str
    cached: bool
    seconds: float = 0

    @property
    def stage(self) -> str:
        """The stage it belongs to; empty for BuildKit's own steps and for FROM, which does nothing but look up."""
        found = re.match(r"\[(?:\S+ )?([\w.-]+) +\d+/\d+\] (?!FROM )", self.name)
        return found[1] if found else ""


@dataclass(frozen=True)
class Build:
    """What a finished `docker build` did and made."""

    image: Image
    steps: list[Step]
    log: str


def build(folder: Path, tag: str, *options: object, output: str = "type=docker") -> Build:
    """Build `folder` as image `tag`; raises EngineError with the build's log where it fails.

    `output` is BuildKit's: by default the engine's own store.
    """
    command = ["docker", "buildx", "build", "--progress=rawjson", f"--output={output}", f"--tag={tag}"]
    done = subprocess.run([*command, *map(str, options), folder], capture_output=True, text=True)
    steps, log = progress(done.stderr)
    if done.returncode:
        raise EngineError(f"docker build {folder}\n{log}")
    return Build(Image(tag), steps, log)


def progress(told: str) -> tuple[list[Step], str]:
    """Return the steps that were finished, and the log, of what buildx tells with --progress=rawjson."""
    steps: dict[str, Step] = {}
    log = []
    for line in told.splitlines():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            log.append(line + "\n")
            continue
        for vertex in event.get("vertexes") or []:
            if "completed" in vertex:
                took = datetime.fromisoformat(vertex["completed"]) - datetime.fromisoformat(vertex["started"])
                steps[vertex["digest"]] = Step(vertex["name"], vertex.get("cached", False), took.total_seconds())
            if vertex.get("error"):
                log.append(f"{vertex['name']}: {vertex['error']}\n")
        for warning in event.get("warnings") or []:
            log.append(f"warning: {_decoded(warning.get('short', ''))}\n")
        log += [_decoded(entry["data"]) for entry in event.get("logs") or []]
    return list(steps.values()), "".join(log)


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode(errors="replace")


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def address(container: str) -> str:
    """Return the IP address of a container in its only network."""
    networks = json.loads(docker("inspect", "--format={{json .NetworkSettings.Networks}}", container))
    return next(iter(networks.values()))["IPAddress"]


@dataclass(frozen=True)
class Image:
    """An image in the engine's store."""

    tag: str

    @cached_property
    def inspected(self) -> dict:
        """What `docker image inspect` tells."""
        return json.loads(docker("image", "inspect", self.tag))[0]

    @property
    def config(self) -> dict:
        """Its configuration (User, Env, Labels, …) as the OCI image specification names it."""
        return self.inspected["Config"]

    @cached_property
    def history(self) -> str:
        """What `docker history` tells, in full."""
        return docker("history", "--no-trunc", "--format={{json .}}", self.tag)

    @contextmanager
    def layers(self) -> Iterator[list[Layer]]:
        """Give its layers, the lowest first, unpacked from an export into a folder that goes away again."""
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "image.tar")
            docker("image", "save", f"--output={archive}", self.tag)
            with tarfile.open(archive) as exported:
                exported.extractall(folder, filter="data")
            archive.unlink()
            manifest = json.loads(Path(folder, "manifest.json").read_text())[0]
            yield [Layer(Path(folder, name)) for name in manifest["Layers"]]

    def run(
        self,
        *options: object,
        port: int,
        tmpfs: str = "/tmp",  # noqa: S108  (the container's)
        command: Sequence[str] = (),
    ) -> Container:
        """Start a hardened container of it that publishes `port` on the loopback interface.

        `command` is run instead of the image's entry point.
        """
        options = (*HARDENED, f"--tmpfs={tmpfs}", f"--publish=127.0.0.1::{port}", *options)
        entry, arguments = ([f"--entrypoint={command[0]}"], command[1:]) if command else ([], ())
        return Container(docker("run", "--detach", *options, *entry, self.tag, *arguments).strip(), port)

    def try_to_run(self, *options: object) -> tuple[str, int]:
        """Run a hardened container that is expected to end by itself; return its stderr and its exit code."""
        command = ["docker", "run", "--rm", *HARDENED, "--tmpfs=/tmp", *map(str, options), self.tag]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.stderr, done.returncode


@dataclass(frozen=True)
class Layer:
    """One layer of an exported image."""

    path: Path

    @cached_property
    def content(self) -> bytes:
        """The tar archive, uncompressed."""
        return _unpacked(self.path.read_bytes())

    @property
    def size(self) -> int:
        """Bytes of all its files, unpacked."""
        return sum(file.size for file in self.files if file.isfile())

    @cached_property
    def files(self) -> list[tarfile.TarInfo]:
        """Its members."""
        with tarfile.open(fileobj=io.BytesIO(self.content)) as archive:
            return archive.getmembers()

    @property
    def contents(self) -> set[tuple]:
        """Its members without their time stamps: name, kind, mode, owner, target of a link, digest of the content."""
        with tarfile.open(fileobj=io.BytesIO(self.content)) as archive:
            return {
                (file.name, file.type, file.mode, file.uid, file.gid, file.linkname, _digest(archive, file))
                for file in archive
            }

    def read(self, name: str) -> bytes:
        """Return the content of the member `name`; empty where there is none of that name."""
        with tarfile.open(fileobj=io.BytesIO(self.content)) as archive:
            found = [member for member in archive.getmembers() if member.name == name and member.isfile()]
            return archive.extractfile(found[0]).read() if found else b""


def exported(archive: Path) -> tuple[dict, dict]:
    """Return the manifest and the configuration of the only image in an OCI archive."""
    with tarfile.open(archive) as image:

        def blob(descriptor: dict) -> dict:
            return json.load(image.extractfile("blobs/" + descriptor["digest"].replace(":", "/")))

        (described,) = json.load(image.extractfile("index.json"))["manifests"]
        manifest = blob(described)
        return manifest, blob(manifest["config"])


def blobs(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Give name and content, uncompressed, of every file in an OCI archive: layers, configurations, attestations."""
    with tarfile.open(archive) as exported:
        for member in exported:
            if member.isfile():
                yield member.name, _unpacked(exported.extractfile(member).read())


def _unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def _digest(archive: tarfile.TarFile, file: tarfile.TarInfo) -> bytes:
    return hashlib.sha256(archive.extractfile(file).read()).digest() if file.isfile() else b""


@dataclass(frozen=True)
class Container:
    """A running container that answers HTTP."""

    id: str
    port: int

    @cached_property
    def url(self) -> str:
        """Where it answers; raises EngineError where it has ended already."""
        published = docker("port", self.id, f"{self.port}/tcp", check=False).splitlines()
        if not published:
            raise self._ended()
        return f"http://{published[0]}"

    def connect(self) -> Connection:
        """Open a plain connection to it."""
        address, _, port = self.url.removeprefix("http://").partition(":")
        return Connection((address, int(port)))

    @contextmanager
    def clients(self, scenario: str, **arguments: object) -> Iterator[Clients]:
        """Run a scenario of support/client.py in its network, next to it; give the clients once they are under way."""
        arguments = {"scenario": scenario, "port": self.port, **arguments}
        command = ["docker", "run", "--rm", "--init", f"--network=container:{self.id}", PYTHON, "python", "-c"]
        process = subprocess.Popen(
            [*command, CLIENT.read_text(encoding="utf-8"), json.dumps(arguments)], stdout=subprocess.PIPE, text=True
        )
        with process:
            try:
                assert process.stdout.readline() == "ready\n", self.logs()
                yield Clients(process)
            finally:
                process.terminate()

    def get(self, path: str, timeout: float = 30) -> requests.Response:
        """GET `path`; `timeout` in seconds."""
        return requests.get(self.url + path, timeout=timeout)

    def ask(self, method: str, path: str, timeout: float = 30, **how) -> requests.Response:
        """Send any request; `how` is what the library requests takes, redirects are not followed."""
        return requests.request(method, self.url + path, timeout=timeout, allow_redirects=False, **how)

    @property
    def memory(self) -> float:
        """Bytes in use, without the page cache that the kernel may take back."""
        used = docker("stats", "--no-stream", "--format={{.MemUsage}}", self.id).split("/")[0].strip()
        number, unit = re.fullmatch(r"([\d.]+)(\D+)", used).groups()
        return float(number) * {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]

    @property
    def resident(self) -> float:
        """Bytes of memory that its process has mapped and loaded, files shared with others included."""
        # The last process is the service: before it comes the init of the engine.
        return float(docker("top", self.id, "-o", "pid,rss").splitlines()[-1].split()[1]) * 2**10

    def wait_until_it_answers(self) -> None:
        """Return as soon as /healthz answers; raises EngineError where it does not in 60 s."""
        wait_for(self._answers, 60, lambda: f"{self.id[:12]} does not answer\n{self.logs()}")

    def _ended(self) -> EngineError:
        return EngineError(f"the container ended with exit code {self.state['ExitCode']}\n{self.logs()}")

    def _answers(self) -> bool:
        try:
            return self.get("/healthz", timeout=2).ok
        except requests.RequestException:
            if self.state["Running"]:
                return False
        raise self._ended()

    @property
    def state(self) -> dict:
        """Its state as `docker inspect` tells it."""
        return json.loads(docker("inspect", self.id))[0]["State"]

    def wait_until_health_is(self, status: str) -> None:
        """Return as soon as its health check says `status`; raises EngineError where it does not within 60 s."""
        wait_for(lambda: self.state["Health"]["Status"] == status, 60, lambda: f"{self.state['Health']}\n{self.logs()}")

    def logs(self) -> str:
        """What it wrote on stdout and stderr so far."""
        done = subprocess.run(["docker", "logs", self.id], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def stdout(self) -> str:
        """What it wrote on stdout so far."""
        return docker("logs", self.id)

    def stderr(self) -> str:
        """What it wrote on stderr so far."""
        return subprocess.run(["docker", "logs", self.id], capture_output=True, text=True, check=True).stderr

    def signal(self, name: str) -> None:
        """Send the signal `name`, for example TERM, to its process."""
        docker("kill", f"--signal={name}", self.id)

    def stop(self, seconds: int = 10) -> int:
        """Send SIGTERM, kill after so many seconds, and return the exit code."""
        docker("stop", f"--time={seconds}", self.id)
        return self.state["ExitCode"]

    def wait(self) -> int:
        """Wait until it ends by itself, for 60 s at most; return its exit code."""
        wait_for(lambda: not self.state["Running"], 60, self.logs)
        return self.state["ExitCode"]

    def remove(self) -> None:
        """Remove it, running or not."""
        docker("rm", "--force", "--volumes", self.id)


@dataclass(frozen=True)
class Clients:
    """Clients that are under way in a container's network."""

    process: subprocess.Popen

    def stop(self) -> None:
        """Tell the clients that repeat their requests to finish."""
        self.process.terminate()

    def report(self) -> dict:
        """Return what they have seen, once they are done; raises EngineError where they fail."""
        output, _ = self.process.communicate(timeout=120)
        if self.process.returncode:
            raise EngineError(f"the clients failed; their traceback is in this test's own stderr\n{output}")
        return json.loads(output)


def wait_for(condition, seconds: float, describe, every: float = 0.1) -> None:
    """Return as soon as `condition()` is true; raises EngineError with `describe()` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EngineError(f"waited for {seconds} s: {describe()}")
        time.sleep(every)
