"""Tell what is in an image, by owner, and what of it is wasted.

    python3 run.py python benchmarks/contents.py IMAGE          any built image
    python3 run.py python benchmarks/contents.py                one service a language, on scratch; writes docs/size.md

Sizes are MB (10^6 bytes), the sum of the files of all layers. Waste is what nobody can read: a file that a higher layer
replaces, and a file that is there twice.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path

from measure import ROOT, make
from support import engine
from support.services import LANGUAGES, Service, host_roots

# The first that matches a path names the owner, and the part of it that is shown on its own.
OWNERS = [
    ("packages", r"app/.*?node_modules/((?:@[^/]+/)?[^/]+)"),
    ("packages", r"usr/local/lib/python[\d.]+/site-packages/([^/]+)"),
    ("packages", r"app/libs/([^/]+)"),
    ("start-up cache", r"app/(app\.aot)"),
    ("runtime", r"opt/jvm/(?:lib/(?:server/)?)?([^/]+)"),
    ("runtime", r"usr/local/bin/(node|python[\d.]*)"),
    ("runtime", r"usr/local/lib/(libpython[^/]*|python[\d.]+/lib-dynload|python[\d.]+)"),
    ("runtime", r"usr/local/lib/(typescript)"),
    ("service", r"app/(.*)"),
    ("CA certificates, users, zones", r"(?:etc|usr/share/zoneinfo|tmp)\b()"),
    ("licences and records", r"(?:usr/share/doc|var/lib/dpkg)\b()"),
    ("native libraries", r"(?:usr/)?lib(?:64)?/(?:[^/]+-linux-gnu/)?([^/]+)"),
]
PARTS = 6  # of an owner, the largest that are shown


def owner_of(path: str) -> tuple[str, str]:
    """Return who brought a file, and as part of what."""
    for owner, pattern in OWNERS:
        if found := re.match(pattern, path):
            return owner, found[1]
    return "base", ""


def contents(image: engine.Image) -> tuple[dict[str, Counter], list[tuple[str, int]]]:
    """Return the bytes of each part of each owner, and what is wasted: why and how many bytes."""
    owners: dict[str, Counter] = defaultdict(Counter)
    seen: dict[str, int] = {}
    copies: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
    waste: list[tuple[str, int]] = []
    with image.layers() as layers:
        for layer in layers:
            with tarfile.open(fileobj=BytesIO(layer.content)) as archive:
                for file in archive:
                    if not file.isfile():
                        continue
                    path = file.name.removeprefix("./")
                    owner, part = owner_of(path)
                    owners[owner][part] += file.size
                    if path in seen:
                        waste.append((f"`/{path}` is replaced by a higher layer", seen[path]))
                    seen[path] = file.size
                    digest = hashlib.sha256(archive.extractfile(file).read()).digest()
                    copies[digest].append((path, file.size))
    for twins in copies.values():
        paths = sorted({path for path, _ in twins})
        if len(paths) > 1 and twins[0][1] > 50_000:
            waste.append((f"`/{paths[0]}` is there {len(paths)} times", twins[0][1] * (len(paths) - 1)))
    return owners, waste


def table(image: engine.Image) -> str:
    """Return both as Markdown."""
    owners, waste = contents(image)
    total = sum(sum(parts.values()) for parts in owners.values())
    lines = ["| MB | what | of it |", "|---:|---|---|"]
    for owner, parts in sorted(owners.items(), key=lambda item: -sum(item[1].values())):
        largest = ", ".join(f"`{part}` {size / 1e6:.1f}" for part, size in parts.most_common(PARTS) if part)
        lines.append(f"| {sum(parts.values()) / 1e6:.1f} | {owner} | {largest} |")
    lines.append(f"| **{total / 1e6:.1f}** | **all** | |")
    wasted = sum(size for _, size in waste)
    lines += ["", f"Waste: {wasted / 1e6:.2f} MB." if waste else "Waste: none."]
    lines += [f"- {size / 1e6:.2f} MB: {why}" for why, size in sorted(waste, key=lambda item: -item[1])[:5]]
    return "\n".join(lines)


def main(wanted: list[str]) -> None:
    """Print the table of the image named, or write the page of all languages."""
    if wanted:
        print(table(engine.Image(wanted[0])))
        return
    page = [
        "# What is in the images",
        "",
        "One service a language, on scratch, as it comes out of the template. `python3 run.py python",
        "benchmarks/contents.py` writes this page; with the name of an image, it prints the same for that image.",
        "",
        "MB are 10^6 bytes, the sum of all files in all layers. `docker images` shows another number where the engine",
        "also counts the [compressed layers](https://docs.docker.com/engine/storage/containerd/) that it keeps.",
    ]
    stand_ins: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for language in LANGUAGES:
            path = make(Path(folder, language), f"language={language}", "runtime_base=scratch")
            service = Service(path, language, "scratch", "contents")
            page += ["", f"## {language.capitalize()}", "", table(service.build(ca=host_roots()).image)]
            stand_ins |= engine.stand_ins(service.read("Dockerfile"))
    if stand_ins:
        page += ["", "Measured on [stand-ins](../tests/testbed/README.md) for the base images."]
    (ROOT / "docs" / "size.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
