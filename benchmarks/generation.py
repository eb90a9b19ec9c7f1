"""Measure how long making a service takes, beside a template of one empty file.

    python3 run.py python benchmarks/generation.py [--repeat 15]

Both are made in turn by the same cookiecutter, so that a busy machine is busy for both; the figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = json.loads((ROOT / "languages.json").read_text(encoding="utf-8"))


def seconds(template: Path, folder: Path, *answers: str) -> tuple[float, float]:
    """Return how long cookiecutter takes with a template, and the processor time of it."""
    command = ["cookiecutter", "--no-input", "--default-config", f"--output-dir={folder}", "-f", template, *answers]
    before, began = os.times(), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "HOME": str(folder)})
    took, after = time.monotonic() - began, os.times()
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print a table: each language, and how many times the empty template's time that is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name) / "empty"
        (empty / "{{cookiecutter.project_slug}}").mkdir(parents=True)
        (empty / "{{cookiecutter.project_slug}}" / "empty").touch()
        (empty / "cookiecutter.json").write_text('{"project_slug": "hello-service"}')
        runs = {"an empty template": (empty,), **{name: (ROOT, f"language={name}") for name in LANGUAGES}}
        taken = {name: [] for name in runs}
        for turn in range(repeat + 1):
            for what, (template, *answers) in runs.items():
                folder = Path(name, f"{what}-{turn}")
                folder.mkdir()
                taken[what].append(seconds(template, folder, *answers))
    medians = {
        what: [statistics.median(column) for column in zip(*figures[1:], strict=True)]  # the first filled caches
        for what, figures in taken.items()
    }
    print("| made | s | x empty | processor s | x empty |\n|---|---:|---:|---:|---:|")
    wall, cpu = medians["an empty template"]
    for what, (took, used) in medians.items():
        print(f"| {what} | {took:.2f} | {took / wall:.2f} | {used:.2f} | {used / cpu:.2f} |")


if __name__ == "__main__":
    main()
