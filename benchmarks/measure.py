"""What the benchmarks measure with: builds, edits, sizes, starts, stops."""

from __future__ import annotations

import gzip
import platform
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import requests  # noqa: E402
from support import engine  # noqa: E402
from support.services import Service  # noqa: E402

RUNS = 3  # of a build
STARTS = 7  # of a container
POLL = 0.01  # s between two questions; more of them would take the processor from a service that starts
EMPTY = "alpine:3.24"
CONNECTIONS = 64
WRK = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", "--latency", "--timeout=20s"]


@dataclass(frozen=True)
class Start:
    """A container's life.

    ms that an empty one took to start, and until this one answered; MB in use, and resident, after that; s from SIGTERM
    to its end; its exit code.
    """

    empty: float
    answered: float
    memory: float
    resident: float
    stop: float
    exit_code: int


def seconds(action) -> float:
    """Run `action` and return how long it took."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median(measure) -> float:
    """Return the median of RUNS calls of `measure`."""
    return statistics.median(measure() for _ in range(RUNS))


def edit(service: Service) -> None:
    """Change one line of the routes to what no earlier build has seen; raises LookupError without one."""
    file = service.path / service.record["routes"]
    text = file.read_text(encoding="utf-8")
    changed = re.sub(r"Hello (\d+ )?from ", f"Hello {time.time_ns()} from ", text)
    if changed == text:
        raise LookupError(f"{file} does not say hello")
    file.write_text(changed, encoding="utf-8")


def answers(url: str) -> bool:
    """Say whether a GET of `url` is answered with 200."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def empty_start() -> float:
    """Return ms that `docker run` takes for a container in which nothing happens."""
    start = time.perf_counter()
    container = engine.Image(EMPTY).run("--entrypoint=true", port=8080)
    started = (time.perf_counter() - start) * 1000
    container.remove()
    return started


def first_answer(image: engine.Image, *options: object, port: int = 8080) -> Start:
    """Start `image` once with more `options` of `docker run`; raises EngineError where it does not answer in 30 s."""
    published = engine.free_port()
    empty = empty_start()
    start = time.perf_counter()
    command = ["run", "--detach", f"--publish=127.0.0.1:{published}:{port}", *options, image.tag]
    container = engine.Container(engine.docker(*command).strip(), port)
    try:
        engine.wait_for(lambda: answers(f"http://127.0.0.1:{published}/"), 30, container.logs, POLL)
        answered = (time.perf_counter() - start) * 1000
        time.sleep(2)
        memory, resident = container.memory / 1e6, container.resident / 1e6
        stop = seconds(container.stop)
        return Start(empty, answered, memory, resident, stop, container.state["ExitCode"])
    finally:
        container.remove()


def load(tools: list[str], url: str, duration: int) -> str:
    """Return what wrk says after `duration` s of GET `url` on 64 kept-alive connections; `tools` runs it where it is.

    Raises EngineError where an answer was not 200.
    """
    output = subprocess.run([*tools, *WRK, f"--duration={duration}s", url], check=True, capture_output=True, text=True)
    if "Non-2xx" in output.stdout or "Socket errors" in output.stdout:
        raise engine.EngineError(output.stdout)
    return output.stdout


def rate(output: str) -> float:
    """Return the requests per second that wrk tells."""
    return float(re.search(r"Requests/sec: +([\d.]+)", output)[1])


def size(image: engine.Image) -> tuple[float, float]:
    """Return MB of an image: the sum of all files in all layers, and the sum of the layers as gzip -6 makes them."""
    with image.layers() as layers:
        unpacked = sum(layer.size for layer in layers) / 1e6
        return unpacked, sum(len(gzip.compress(layer.content, 6)) for layer in layers) / 1e6


def make(folder: Path, *answers: str) -> Path:
    """Make a service in `folder` and return its path."""
    command = ["cookiecutter", "--no-input", "--default-config", f"--output-dir={folder}", str(ROOT), *answers]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.iterdir())


def write_page(name: str, **values: str) -> None:
    """Write docs/NAME.md: benchmarks/NAME.md.in with `{key}` replaced by each of `values`."""
    text = (ROOT / "benchmarks" / f"{name}.md.in").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    (ROOT / "docs" / f"{name}.md").write_text(text, encoding="utf-8")


def conditions(stand_ins: set[str]) -> str:
    """Return what a table says below it: when and where it was measured, and on which of the images' stand-ins."""
    cores = engine.docker("info", "--format={{.NCPU}}").strip()
    note = f"Measured on {datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores} cores"
    if stand_ins:
        names = ", ".join(f"`{name}`" for name in sorted(stand_ins))
        note += f", on stand-ins for {names} ([what they are made of](../tests/testbed/README.md))"
    return note + "."
