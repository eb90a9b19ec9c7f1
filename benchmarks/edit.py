"""Measure the edit loop: from the save of a file to the first answer that has the edit in it.

    python3 run.py python benchmarks/edit.py [--repeat 5]

Before: the image that ships is built again and its container replaced, as a loop without stage `dev` has to. After:
`docker compose up --watch`. Seconds, medians. Run it on a quiet machine, after tests/testbed/up.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import requests
from measure import conditions, make
from support import engine
from support.services import LANGUAGES, RECORDS, host_roots

BASE = "distroless"


def wait_for(url: str, text: str) -> None:
    """Return as soon as `url` answers with `text`; raises EngineError after ten minutes."""

    def answers() -> bool:
        try:
            return text in requests.get(url, timeout=2).text
        except requests.RequestException:
            return False

    engine.wait_for(answers, 600, lambda: f"{url} does not answer {text!r}", every=0.02)


def edits(file: Path, url: str, repeat: int, serve) -> float:
    """Edit `file`, call `serve` after each save, and return the median of the seconds until `url` has the edit."""
    text, taken = file.read_text(encoding="utf-8"), []
    for turn in range(repeat + 1):
        began = time.monotonic()
        file.write_text(text.replace("Hello from", f"Hello {turn} from"), encoding="utf-8")
        serve()
        wait_for(url, f"Hello {turn} from")
        taken.append(time.monotonic() - began)
        time.sleep(2)
    file.write_text(text, encoding="utf-8")
    return statistics.median(taken[1:])  # the first one fills caches


def measure(language: str, port: int, repeat: int, folder: Path) -> tuple[float, float]:
    """Return the seconds before and after for a fresh service."""
    answers = [f"project_name=Edit {language}", f"language={language}", f"runtime_base={BASE}", f"port={port}"]
    service, url = make(folder / "services", *answers), f"http://127.0.0.1:{port}/"
    ca = host_roots()
    (service / "compose.override.yaml").write_text(
        f"services: {{app: {{build: {{secrets: [ca]}}}}}}\nsecrets: {{ca: {{file: {ca}}}}}\n", encoding="utf-8"
    )
    file = service / RECORDS[language]["routes"]
    name = f"edit-{language}-before"

    def quietly(*command: str) -> None:
        subprocess.run(command, cwd=service, check=True, capture_output=True)

    def rebuild() -> None:
        quietly("docker", "build", f"--secret=id=ca,src={ca}", f"--tag={name}", ".")
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
        quietly("docker", "run", "--detach", "--init", f"--name={name}", f"--publish=127.0.0.1:{port}:{port}", name)

    try:
        before = edits(file, url, repeat, rebuild)
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
        subprocess.run(["docker", "rmi", "--force", name], check=False, capture_output=True)
    with (folder / "log").open("wb") as log:
        loop = subprocess.Popen(["docker", "compose", "up", "--build", "--watch"], cwd=service, stdout=log, stderr=log)
    try:
        wait_for(url, "Hello from")
        after = edits(file, url, repeat, lambda: None)
    finally:
        loop.send_signal(signal.SIGINT)
        loop.wait()
        quietly("docker", "compose", "down", "--rmi=all", "--volumes")
    return before, after


def main() -> None:
    """Print a table: a line for each language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("languages", nargs="*", default=LANGUAGES)
    given = parser.parse_args()
    print("| language | rebuild of the image, s | sync, s |\n|---|---:|---:|")
    stand_ins: set[str] = set()
    for offset, language in enumerate(given.languages):
        with tempfile.TemporaryDirectory() as folder:
            before, after = measure(language, 18100 + offset, given.repeat, Path(folder))
            stand_ins |= engine.stand_ins(next(Path(folder).glob("services/*/Dockerfile")).read_text(encoding="utf-8"))
        print(f"| {language} | {before:.1f} | {after:.1f} |", flush=True)
    print(f"\n{conditions(stand_ins)}")


if __name__ == "__main__":
    main()
