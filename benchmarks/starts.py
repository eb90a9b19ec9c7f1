"""Trace a start: which share of its time belongs to whom, in the image that ships.

    python3 run.py python benchmarks/starts.py            Node, Python and Java; writes docs/starts.md
    python3 run.py python benchmarks/starts.py python     one of them; prints the table, writes nothing

Shares, because a tracer slows down what it watches. Python tells the time of each import (`-X importtime`), without
what it imports; Node samples the stack every 0.2 ms (`--cpu-prof`), and a sample belongs to the file whose code runs;
Java tells when it loads a class (`-Xlog:class+load`), and the time until the next one belongs to the last.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import conditions, make, write_page
from support import engine
from support.engine import Container
from support.services import Service, host_roots

BASE = "scratch"
RUNS = 5
LEAST = 0.01  # share of an owner that gets a line of its own


@contextmanager
def started(service: Service, image: engine.Image, option: str) -> Iterator[tuple[Container, Path]]:
    """Give a container that answers, and the folder that is its /trace."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        container = service.run(image, "--no-healthcheck", option, f"--volume={folder}:/trace")
        try:
            container.wait_until_it_answers()
            yield container, Path(folder)
        finally:
            container.remove()


def python(service: Service, image: engine.Image) -> Counter[str]:
    """Return microseconds by package; the standard library is one."""
    with started(service, image, "--env=PYTHONPROFILEIMPORTTIME=1") as (container, _):
        lines = container.stderr().splitlines()
    spent: Counter[str] = Counter()
    for line in lines:
        if found := re.match(r"import time: +(\d+) \| +\d+ \| +([\w.]+)", line):
            owner = found[2].partition(".")[0]
            is_standard = owner in sys.stdlib_module_names or owner.startswith("_")
            spent["standard library" if is_standard else owner] += int(found[1])
    return spent


def java(service: Service, image: engine.Image) -> Counter[str]:
    """Return microseconds by package; what comes before the first class of the service is the JVM's own start."""
    options = "--env=JAVA_TOOL_OPTIONS=-Xlog:class+load:file=/trace/log:uptimenanos"
    with started(service, image, options) as (_, folder):
        lines = (folder / "log").read_text().splitlines()
    loaded = [(int(found[1]), found[2]) for line in lines if (found := re.match(r"\[(\d+)ns\] ([\w.$/]+) ", line))]
    spent: Counter[str] = Counter()
    owner, since = "JVM", 0
    for when, name in loaded:
        spent[owner] += (when - since) // 1000
        since = when
        if owner != "JVM" or name.startswith("service."):
            owner = ".".join(name.partition("$")[0].split(".")[:-1][:3])
    return spent


def node(service: Service, image: engine.Image) -> Counter[str]:
    """Return microseconds by package; node's own modules, the compiler and the garbage collector are others."""
    options = "--env=NODE_OPTIONS=--cpu-prof --cpu-prof-interval=200 --cpu-prof-dir=/trace"
    with started(service, image, options) as (container, folder):
        container.stop()
        (file,) = folder.iterdir()
        profile = json.loads(file.read_text())
    frames = {each["id"]: each["callFrame"] for each in profile["nodes"]}
    spent: Counter[str] = Counter()
    for sample, microseconds in zip(profile["samples"], profile["timeDeltas"], strict=True):
        spent[owner_of(frames[sample])] += microseconds
    del spent["(idle)"]
    return spent


def owner_of(frame: dict) -> str:
    """Return who owns the code of a frame of a profile of Node."""
    name, url = frame["functionName"], frame["url"]
    if name in {"wrapSafe", "compileFunctionForCJSLoader", "compileSourceTextModule"}:
        return "compiling"
    if found := re.search(r"/node_modules/((?:@[^/]+/)?[^/]+)", url):
        return found[1]
    if "/modules/" in url and url.startswith("node:"):
        return "node: finding modules"
    if url.startswith("file:"):
        return "service"
    return name if name in {"(idle)", "(garbage collector)"} else "node"


TRACES = {"node": node, "python": python, "java": java}


def table(language: str, folder: Path) -> tuple[str, set[str]]:
    """Return a table of the shares, and the stand-ins that the image was built from."""
    service = Service(make(folder / language, f"language={language}", f"runtime_base={BASE}"), language, BASE)
    image = service.build(ca=host_roots()).image
    spent: Counter[str] = Counter()
    for _ in range(RUNS):
        spent += TRACES[language](service, image)
    total = spent.total()
    lines = [f"| {language} | share |", "|---|---:|"]
    lines += [f"| {owner} | {n / total:.0%} |" for owner, n in spent.most_common() if n / total >= LEAST]
    rest = sum(n for n in spent.values() if n / total < LEAST)
    return "\n".join([*lines, f"| all others | {rest / total:.0%} |"]), engine.stand_ins(service.read("Dockerfile"))


def main(wanted: list[str]) -> None:
    """Print the tables; with all languages, write them to docs."""
    tables, stand_ins = [], set()
    with tempfile.TemporaryDirectory() as folder:
        for language in wanted or TRACES:
            text, found = table(language, Path(folder))
            print(text, end="\n\n", flush=True)
            tables.append(text)
            stand_ins |= found
    if not wanted:
        write_page("starts", tables="\n\n".join(tables), note=conditions(stand_ins))


if __name__ == "__main__":
    main(sys.argv[1:])
