"""Measure what a fleet of services costs on remote builders: BuildKit in containers of its own, every cache cold.

    python3 run.py python benchmarks/builders.py            writes docs/builders.md

One service of each language alone, then four and twelve together with one bake file on one builder, then the twelve on
two builders, then again on a builder that has nothing but what the others left in a registry. Base images come from a
registry beside the builders; packages come from the public indexes, or what this machine reaches of them. Afterwards
every image is compared with the one that this machine's own engine builds.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measure import conditions, make, seconds, write_page
from support import engine
from support.builders import REGISTRY, Site, site
from support.services import BASES, COMBINATIONS, LANGUAGES, RECORDS, Service, host_roots

EPOCH = "1700000000"


def bake(folder: Path, builder: str, services: list[Service], cache: tuple[str, ...] = ()) -> float:
    """Build `services` on `builder` with one bake file, into archives in `folder`; return the seconds that it took.

    `cache` holds "to" and "from": whether layers are left in the registry, or taken from it.
    """
    folder.mkdir()
    targets = {}
    for service in services:
        name = f"{service.language}-{service.base}"
        targets[name] = {
            "context": str(service.path),
            "args": {"SOURCE_DATE_EPOCH": EPOCH},
            "secret": [f"id=ca,src={host_roots()}"],
            "output": [f"type=oci,dest={folder}/{name}.tar,rewrite-timestamp=true"],
            "attest": ["type=provenance,disabled=true"],
            **{
                f"cache-{way}": [f"type=registry,ref={REGISTRY}/cache:{name}" + ",mode=max" * (way == "to")]
                for way in cache
            },
        }
    file = folder / "docker-bake.json"
    file.write_text(json.dumps({"group": {"default": {"targets": list(targets)}}, "target": targets}))
    command = ["docker", "buildx", "bake", "--allow=fs=*", f"--builder={builder}", f"--file={file}"]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def different(here: Path, there: Path) -> list[str]:
    """Return the images of two folders that differ, apart from the layers that languages.json lets vary."""
    found = []
    for archive in sorted(here.glob("*.tar")):
        varying = RECORDS[archive.name.split("-")[0]]["varying_layers"]
        first, second = (engine.exported(each)[1]["rootfs"]["diff_ids"] for each in (archive, there / archive.name))
        if first[: len(first) - varying] != second[: len(second) - varying]:
            found.append(archive.stem)
    return found


HEAD = [
    "| what is built, every cache cold | builders | services | s | s a service | x the slowest alone |",
    "|---|---:|---:|---:|---:|---:|",
]


def row(what: str, builders: int, services: int, took: float, slowest: float) -> str:
    """Print a row of the table and return it; times in seconds."""
    text = f"| {what} | {builders} | {services} | {took:.0f} | {took / services:.0f} | {took / slowest:.1f} |"
    print(text, flush=True)
    return text


def measure(place: Site, folder: Path) -> None:
    """Print the table, write the page, and say whether the images are the same everywhere."""
    # A short name for each: cache mounts are named after it.
    made = {}
    for language, base in COMBINATIONS:
        name = f"{language}-{base}"
        path = make(folder / name, f"project_slug={name}", f"language={language}", f"runtime_base={base}")
        made[language, base] = Service(path, language, base)
    texts = [service.read("Dockerfile") for service in made.values()]
    for image in {"docker/dockerfile:1"}.union(*map(engine.base_images, texts)):
        place.offer(image)

    def on_its_own(name: str, services: list[Service], cache: tuple[str, ...] = ()) -> float:
        """Build on a new builder, which is removed afterwards: a cache takes gigabytes."""
        builder = place.builder("remote")
        try:
            return bake(folder / name, builder, services, cache)
        finally:
            place.remove(builder)

    alone = [(language, BASES[0]) for language in LANGUAGES]
    single = {pair: on_its_own(f"alone-{pair[0]}", [made[pair]]) for pair in alone}
    slowest = max(single.values())
    rows = [row(f"{language} on {base}", 1, 1, took, slowest) for (language, base), took in single.items()]
    took = on_its_own("four", [made[pair] for pair in alone])
    rows.append(row("one of each language", 1, len(alone), took, slowest))
    everything = list(made.values())
    cold = on_its_own("one", everything)
    rows.append(row("each language on each base", 1, len(everything), cold, slowest))

    # Each builder gets whole languages: the bases of a language share the most.
    halves = [[service for service in everything if service.language in half] for half in split(single)]
    builders = [place.builder("remote") for _ in halves]

    def build(number: int) -> float:
        return bake(folder / f"two-{number}", builders[number], halves[number], ("to",))

    with ThreadPoolExecutor() as pool:
        took = seconds(lambda: list(pool.map(build, range(len(halves)))))
    for builder in builders:
        place.remove(builder)
    rows.append(row("the same, and the cache to a registry", len(builders), len(everything), took, slowest))
    cached = on_its_own("cached", everything, ("from",))
    rows.append(row("the same from the cache in the registry", 1, len(everything), cached, slowest))
    core_seconds = cold / len(everything) * int(engine.docker("info", "--format={{.NCPU}}"))
    write_page(
        "builders",
        table="\n".join([*HEAD, *rows]),
        conditions=conditions(set().union(*map(engine.stand_ins, texts))),
        each=f"{core_seconds:.0f}",
        hours=f"{core_seconds * 1000 / 3600:.0f}",
        minutes=f"{core_seconds * 1000 / 64 / 60:.0f}",
        cached=f"{cached / len(everything):.0f}",
    )

    bake(folder / "here", "default", everything)
    for remote in ("one", "cached"):
        wrong = different(folder / "here", folder / remote)
        print(f"\nImages of `{remote}` whose layers are not those of a local build, byte for byte: {wrong or 'none'}.")


def split(single: dict[tuple[str, str], float]) -> list[list[str]]:
    """Return the languages in two lists that take about as long: the longest first, each to the shorter list."""
    halves: list[list[tuple[str, str]]] = [[], []]
    for pair in sorted(single, key=single.get, reverse=True):
        min(halves, key=lambda half: sum(single[each] for each in half)).append(pair)
    return [[language for language, _ in half] for half in halves]


def main() -> None:
    """Measure, and leave nothing behind."""
    with tempfile.TemporaryDirectory() as folder, site() as place:
        measure(place, Path(folder))


if __name__ == "__main__":
    main()
