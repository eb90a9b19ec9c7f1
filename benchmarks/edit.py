"""Measure edits: of the image that ships, step by step, and of the edit loop.

    python3 run.py python benchmarks/edit.py                 all languages; writes docs/edits.md
    python3 run.py python benchmarks/edit.py go node         some of them; prints the tables, writes nothing

The loop is `docker compose up --watch`. The image that ships is built again, and its container replaced, as a loop
without stage `dev` would have to. Both times are from the save of a file to the first answer that has the edit in it;
medians of five. Run it on a quiet machine, after tests/testbed/up.
"""

from __future__ import annotations

import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import requests
from measure import conditions, make, write_page
from support import engine
from support.services import LANGUAGES, Service, host_roots

BASE = "distroless"
EDITS = 5
LEAST = 0.05  # s of a step that gets a line of its own


def wait_for(url: str, text: str) -> None:
    """Return as soon as `url` answers with `text`; raises EngineError after ten minutes."""

    def answers() -> bool:
        try:
            return text in requests.get(url, timeout=2).text
        except requests.RequestException:
            return False

    engine.wait_for(answers, 600, lambda: f"{url} does not answer {text!r}", every=0.02)


def edits(service: Service, serve: Callable[[], None]) -> float:
    """Edit the routes, call `serve` after each save, and return the median of the seconds until the edit is served."""
    file, url, taken = service.path / service.record["routes"], f"http://127.0.0.1:{service.port}/", []
    text = file.read_text(encoding="utf-8")
    for turn in range(EDITS + 1):
        began = time.monotonic()
        file.write_text(text.replace("Hello from", f"Hello {turn} from"), encoding="utf-8")
        serve()
        wait_for(url, f"Hello {turn} from")
        taken.append(time.monotonic() - began)
        time.sleep(2)
    file.write_text(text, encoding="utf-8")
    return statistics.median(taken[1:])  # the first one fills caches


class Rebuilt:
    """The service as its image has it, built and started again after every edit."""

    def __init__(self, service: Service) -> None:
        """Nothing is built yet."""
        self.service, self.name = service, f"edit-{service.language}"
        self.steps: dict[str, list[float]] = defaultdict(list)

    def serve(self) -> None:
        """Build the image and replace the container, as a developer would type it."""
        build = self.service.build(ca=host_roots())
        for step in build.steps:
            if not step.cached:
                self.steps[step.name].append(step.seconds)
        self.remove()
        port = self.service.port
        publish = f"--publish=127.0.0.1:{port}:{port}"
        engine.docker("run", "--detach", "--init", f"--name={self.name}", publish, build.image.tag)

    def remove(self) -> None:
        """Leave no container."""
        subprocess.run(["docker", "rm", "--force", self.name], check=False, capture_output=True)

    def slowest(self) -> list[tuple[str, float]]:
        """Return the steps that took long in most edits, with their median seconds; the slowest first."""
        medians = {name: statistics.median(taken) for name, taken in self.steps.items() if len(taken) > EDITS // 2}
        return sorted(((name, s) for name, s in medians.items() if s >= LEAST), key=lambda step: -step[1])


def shortened(step: str) -> str:
    """Return a step's name without its mounts."""
    return " ".join(re.sub(r"--mount=\S+", "", step).split()).replace("|", "&#124;")


def in_the_loop(service: Service, log: Path) -> float:
    """Return the seconds that an edit takes in `docker compose up --watch`."""
    with log.open("wb") as output:
        command = ["docker", "compose", "up", "--build", "--watch"]
        loop = subprocess.Popen(command, cwd=service.path, stdout=output, stderr=output)
    try:
        wait_for(f"http://127.0.0.1:{service.port}/", "Hello from")
        return edits(service, lambda: None)
    finally:
        loop.send_signal(signal.SIGINT)
        loop.wait()
        down = ["docker", "compose", "down", "--rmi=all", "--volumes"]
        subprocess.run(down, cwd=service.path, check=True, capture_output=True)


def measure(language: str, port: int, folder: Path) -> tuple[str, list[str], set[str]]:
    """Return the line of a fresh service, the lines of its steps, and the stand-ins that it was built from."""
    path = make(folder / "services", f"language={language}", f"runtime_base={BASE}", f"port={port}")
    service = Service(path, language, BASE)
    secrets = {"services": {"app": {"build": {"secrets": ["ca"]}}}, "secrets": {"ca": {"file": str(host_roots())}}}
    (path / "compose.override.yaml").write_text(json.dumps(secrets), encoding="utf-8")
    rebuilt = Rebuilt(service)
    try:
        image = edits(service, rebuilt.serve)
    finally:
        rebuilt.remove()
    loop = in_the_loop(service, folder / "log")
    steps = [f"| {language} | `{shortened(name)}` | {seconds:.1f} |" for name, seconds in rebuilt.slowest()]
    return f"| {language} | {loop:.1f} | {image:.1f} |", steps, engine.stand_ins(service.read("Dockerfile"))


def main(wanted: list[str]) -> None:
    """Print the tables; with all languages, write them to docs."""
    table = ["| language | the loop, s | the image, s |", "|---|---:|---:|"]
    steps = ["| language | step | s |", "|---|---|---:|"]
    stand_ins: set[str] = set()
    for offset, language in enumerate(wanted or LANGUAGES):
        with tempfile.TemporaryDirectory() as folder:
            line, more, found = measure(language, 18100 + offset, Path(folder))
        table.append(line)
        steps += more
        stand_ins |= found
        print("\n".join([line, *more]), flush=True)
    note = conditions(stand_ins)
    print(f"\n{note}")
    if not wanted:
        write_page("edits", table="\n".join(table), steps="\n".join(steps), note=note)


if __name__ == "__main__":
    main(sys.argv[1:])
