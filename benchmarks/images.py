"""Measure every combination in one run and print a Markdown table.

    python3 run.py python benchmarks/images.py                     all combinations, medians of several runs
    python3 run.py python benchmarks/images.py go node-scratch     one language; one combination
    python3 run.py python benchmarks/images.py --warm              without cold builds, which take longest

What a column holds:
    unpacked, compressed   MB (10^6 bytes): all files in all layers; the layers as gzip -6 makes them
    cold                   s: `docker build --no-cache` with empty cache mounts of its own, base images there
    no-op                  s: the same build again
    edit                   s: the build after an edit of one line of the sources
    first 200              ms from `docker run` to the first answer of /
    x empty                the same as a multiple of what an empty container took, started just before each
    memory                 MB at rest after that, as `docker stats` tells it: what a limit counts
    resident               the same as `ps` tells it: with the program files that the kernel may drop again
"""

from __future__ import annotations

import gzip
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import engine  # noqa: E402
import requests  # noqa: E402
from support.services import COMBINATIONS, Service, host_roots  # noqa: E402

RUNS = 3  # of a build
STARTS = 7  # of a container
POLL = 0.01  # s between two questions; more of them would take the processor from a service that starts
EMPTY = "alpine:3.24"
COLUMNS = [
    *("unpacked MB", "compressed MB", "cold s", "no-op s", "edit s"),
    *("first 200 ms", "x empty", "memory MB", "resident MB"),
]


@dataclass(frozen=True)
class Start:
    """A container's start: ms that an empty one took and until this one answered, MB in use and resident after that."""

    empty: float
    answered: float
    memory: float
    resident: float


def seconds(action) -> float:
    """Run `action` and return how long it took."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median(measure) -> float:
    """Return the median of RUNS calls of `measure`."""
    return statistics.median(measure() for _ in range(RUNS))


def edit(service: Service) -> None:
    """Change one line of the service's sources to what no earlier build has seen; raises LookupError without one."""
    greeting, edited = f"Hello {time.time_ns()} from ", False
    for name in service.files():
        text = service.read(name)
        changed = re.sub(r"Hello (\d+ )?from ", greeting, text)
        if changed != text and "test" not in name.lower():
            (service.path / name).write_text(changed)
            edited = True
    if not edited:
        raise LookupError(f"no source in {service.path} says hello")


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


def first_answer(service: Service, image: engine.Image) -> Start:
    """Start `image` once; raises EngineError where it does not answer in 30 s."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    empty = empty_start()
    start = time.perf_counter()
    container = service.run(image, f"--publish=127.0.0.1:{port}:{service.port}")
    try:
        engine.wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), 30, container.logs, POLL)
        answered = (time.perf_counter() - start) * 1000
        time.sleep(2)
        return Start(empty, answered, container.memory / 1e6, container.resident / 1e6)
    finally:
        container.remove()


def measure(service: Service, with_cold: bool) -> list[str]:
    """Return the row of one combination."""
    ca = host_roots()
    image = service.build(ca=ca).image
    with image.layers() as layers:
        unpacked = sum(layer.size for layer in layers) / 1e6
        compressed = sum(len(gzip.compress(layer.content, 6)) for layer in layers) / 1e6
    no_op = median(lambda: seconds(lambda: service.build(ca=ca)))
    edits = []
    for _ in range(RUNS):
        edit(service)
        edits.append(seconds(lambda: service.build(ca=ca)))
    starts = [first_answer(service, image) for _ in range(STARTS)]
    # Cache mounts are told apart by an id of their own, so that "cold" does not empty anybody's caches.
    fresh = ["--no-cache", f"--build-arg=BUILDKIT_CACHE_MOUNT_NS={time.time_ns()}"]
    cold = f"{seconds(lambda: service.build(*fresh, ca=ca)):.1f}" if with_cold else "-"
    return [
        f"{service.language} on {service.base}",
        f"{unpacked:.1f}",
        f"{compressed:.1f}",
        cold,
        f"{no_op:.2f}",
        f"{statistics.median(edits):.2f}",
        f"{statistics.median(start.answered for start in starts):.0f}",
        f"{statistics.median(start.answered / start.empty for start in starts):.2f}",
        f"{statistics.median(start.memory for start in starts):.1f}",
        f"{statistics.median(start.resident for start in starts):.1f}",
    ]


def make(folder: Path, *answers: str) -> Path:
    """Make a service in `folder` and return its path."""
    command = ["cookiecutter", "--no-input", "--default-config", f"--output-dir={folder}", str(ROOT), *answers]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.iterdir())


def main(wanted: list[str]) -> None:
    """Print the table of the combinations named, or of all."""
    print(f"| combination | {' | '.join(COLUMNS)} |\n|---|{'---:|' * len(COLUMNS)}")
    combinations = set(wanted) - {"--warm"}
    stand_ins: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for language, base in COMBINATIONS:
            if combinations and not {language, base, f"{language}-{base}"} & combinations:
                continue
            output = Path(folder, f"{language}-{base}")
            service = Service(make(output, f"language={language}", f"runtime_base={base}"), language, base)
            print(f"| {' | '.join(measure(service, '--warm' not in wanted))} |", flush=True)
            stand_ins |= engine.stand_ins(service.read("Dockerfile"))
    print(f"\nAn empty container starts in {statistics.median(empty_start() for _ in range(STARTS)):.0f} ms.")
    if stand_ins:
        print(f"Measured on stand-ins for {', '.join(sorted(stand_ins))}; see tests/testbed/README.md.")


if __name__ == "__main__":
    main(sys.argv[1:])
