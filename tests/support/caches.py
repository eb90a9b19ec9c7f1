"""Cache mounts of a Dockerfile: where they are, and what is in them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from support.engine import IMAGES, build
from support.services import PREFIX

BUSYBOX = re.search(r'"busybox": "(.+)"', IMAGES)[1]
MOUNT = re.compile(r"--mount=(\S*type=cache\S*)")


def steps(dockerfile: str) -> list[tuple[str, dict[str, str]]]:
    """Return stage and cache mounts of each RUN; the mounts by id, which is the target where there is none."""
    found = []
    stage = ""
    for instruction in re.split(r"\n(?=[A-Z]+ )", re.sub(r"\n#.*", "", dockerfile)):
        if named := re.match(r"FROM .* AS (\S+)", instruction):
            stage = named[1]
        elif instruction.startswith("RUN "):
            mounts = [
                dict(option.partition("=")[::2] for option in mount.split(",")) for mount in MOUNT.findall(instruction)
            ]
            found.append((stage, {mount.get("id", mount["target"]): mount["target"] for mount in mounts}))
    return found


def caches(dockerfile: str, *stages: str) -> set[str]:
    """Return the ids of all cache mounts, or of those in some stages."""
    return {cache for stage, mounts in steps(dockerfile) if not stages or stage in stages for cache in mounts}


def run_with(ids: Iterable[str], command: str, folder: Path, *options: str) -> str:
    """Run a shell command in a build that mounts these caches in /caches, and `folder` as /context; return the log."""
    mounts = " ".join(f"--mount=type=cache,id={cache},target=/caches/{cache}" for cache in ids)
    # Not by --no-cache, with which a step gets empty caches.
    once = f": {secrets.token_hex(8)}"
    dockerfile = f"FROM {BUSYBOX}\nRUN --mount=type=bind,target=/context {mounts} {once}; {command}\n"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    return build(folder, f"{PREFIX}/caches", *options, output="type=cacheonly").log
