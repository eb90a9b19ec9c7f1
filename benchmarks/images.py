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

import statistics
import sys
import tempfile
import time
from pathlib import Path

from measure import RUNS, STARTS, edit, empty_start, first_answer, make, median, seconds, size
from support import engine
from support.services import COMBINATIONS, Service, host_roots

COLUMNS = [
    *("unpacked MB", "compressed MB", "cold s", "no-op s", "edit s"),
    *("first 200 ms", "x empty", "memory MB", "resident MB"),
]


def measure(service: Service, with_cold: bool) -> list[str]:
    """Return the row of one combination."""
    ca = host_roots()
    image = service.build(ca=ca).image
    unpacked, compressed = size(image)
    no_op = median(lambda: seconds(lambda: service.build(ca=ca)))
    edits = []
    for _ in range(RUNS):
        edit(service)
        edits.append(seconds(lambda: service.build(ca=ca)))
    starts = [first_answer(image, f"--memory={service.memory}m", port=service.port) for _ in range(STARTS)]
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
