"""Measure our images beside those that people build instead, of the same sources on the same bases.

    python3 run.py python benchmarks/compare.py                 all languages
    python3 run.py python benchmarks/compare.py go node         some of them; the lines of the others stay

Writes docs/benchmark.md and its chart, and the README's table.

The peers are Dockerfiles in the manner of each, in benchmarks/peers: `docker init`, articles on multi-stage builds,
fly's dockerfile-node, a first tutorial's single stage; and scripts for tools that need none: ko for Go, Jib for Java,
whose times include the start of a container for the tool and the loading of its archive. Everybody builds with warm
caches of packages, runs as `docker run` does by default, and takes turns: the order changes with every round. What a
column holds:

    unpacked, compressed   MB (10^6 bytes): all files in all layers; the layers as gzip -6 makes them
    cold                   s: every step, with base images here and whatever is in caches of packages; once
    no-op, edit            s: the build again; after an edit of one line of the sources
    dependency             s: after one more package was added; once
    x empty                time from `docker run` to the first answer as a multiple of an empty container's start
    resident               MB of memory that the process has mapped and loaded two seconds later
    stop                   s from `docker stop` to the end, and the exit code; 137: killed after ten seconds
    requests/s             of GET / on 64 kept-alive connections for five seconds, after three to warm up; wrk, once
    user, shell            who the process is by default; whether the image has a shell
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from chart import bars
from measure import (
    ROOT,
    RUNS,
    STARTS,
    Start,
    conditions,
    edit,
    first_answer,
    load,
    make,
    rate,
    seconds,
    size,
    write_page,
)
from support import engine
from support.builders import Site, site
from support.services import LANGUAGES, Service, host_roots

PEERS = ROOT / "benchmarks" / "peers"
OURS = "slim-templates"
BASE = "scratch"
FIRST_SCREEN = ["docker-init", "article"]  # the peers that the README shows
TOOLS = """
FROM debian:trixie-slim
RUN apt-get update -qq && apt-get install -qq --no-install-recommends wrk
"""
COLUMNS = [
    "unpacked MB",
    "compressed MB",
    "cold s",
    "no-op s",
    "edit s",
    "dependency s",
    "x empty",
    "resident MB",
    "stop s",
    "requests/s",
    "user",
    "shell",
]
SHELLS = {"sh", "ash", "bash", "dash", "busybox"}

# An image that also trusts this machine's bundle: a peer knows no build secret, and a company's network may need one.
TRUSTING = """
FROM {image}
USER 0
COPY bundle.pem /etc/ssl/certs/ca-certificates.crt
COPY TrustStore.java /trust/
RUN ! command -v java || java /trust/TrustStore.java /etc/ssl/certs/ca-certificates.crt /trust/store.p12
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt \\
    MAVEN_OPTS="-Djavax.net.ssl.trustStore=/trust/store.p12 -Djavax.net.ssl.trustStorePassword=changeit"
"""
TRUST_STORE = """
void main(String[] args) throws Exception {
    var store = java.security.KeyStore.getInstance("PKCS12");
    store.load(null, null);
    var factory = java.security.cert.CertificateFactory.getInstance("X.509");
    try (var pem = java.nio.file.Files.newInputStream(java.nio.file.Path.of(args[0]))) {
        for (var certificate : factory.generateCertificates(pem)) {
            store.setCertificateEntry("ca" + store.size(), certificate);
        }
    }
    try (var file = java.nio.file.Files.newOutputStream(java.nio.file.Path.of(args[1]))) {
        store.store(file, "changeit".toCharArray());
    }
}
"""


@dataclass
class Subject:
    """One way to build the service of a language, and what was measured of it."""

    name: str
    service: Service
    options: list[str] = field(default_factory=list)
    cold: float = 0
    dependency: float = 0
    rate: float = 0
    no_op: list[float] = field(default_factory=list)
    edits: list[float] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """The name of its image."""
        return f"slim-templates-benchmark/{self.service.language}-{self.name}"

    def build(self, *more: str) -> engine.Image:
        """Build it as it stands, with more options."""
        secret = [] if self.options else [f"--secret=id=ca,src={host_roots()}"]
        return engine.build(self.service.path, self.tag, *secret, *self.options, *more).image

    def row(self) -> list[str]:
        """Return what was measured, as text, in the order of COLUMNS."""
        image = self.build()
        unpacked, compressed = size(image)
        codes = sorted({start.exit_code for start in self.starts})
        return [
            f"{unpacked:.1f}",
            f"{compressed:.1f}",
            f"{self.cold:.0f}",
            spread(self.no_op, 2),
            spread(self.edits, 2),
            f"{self.dependency:.1f}",
            spread([start.answered / start.empty for start in self.starts], 2),
            spread([start.resident for start in self.starts], 0),
            f"{spread([start.stop for start in self.starts], 1)}, exit {'/'.join(map(str, codes))}",
            f"{self.rate:.0f}",
            image.config["User"] or "root",
            "yes" if has_shell(image) else "no",
        ]


@dataclass
class Tool(Subject):
    """A tool that makes images without a Dockerfile; `options` are those of `docker run` for its container."""

    script: str = ""

    def build(self, *_: str) -> engine.Image:
        """Let the tool write an archive and load it into the engine, which is where the others end, too."""
        with tempfile.TemporaryDirectory() as out:
            mounts = [f"--volume={self.service.path}:/service", f"--volume={out}:/out", "--workdir=/service"]
            engine.docker("run", "--rm", *mounts, *self.options, "sh", "-euc", self.script)
            loaded = engine.docker("load", "--quiet", f"--input={out}/image.tar").split()[-1]
            engine.docker("tag", loaded, self.tag)
        return engine.Image(self.tag)


def spread(values: list[float], digits: int) -> str:
    """Return the median, and the smallest and largest value."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def has_shell(image: engine.Image) -> bool:
    """Say whether a layer of the image has a shell."""
    with image.layers() as layers:
        return any(Path(file.name).name in SHELLS for layer in layers for file in layer.files)


def trusting(images: set[str], folder: Path) -> list[str]:
    """Return the options that let a build take each of `images` with this machine's bundle added."""
    shutil.copy(host_roots(), folder / "bundle.pem")
    (folder / "TrustStore.java").write_text(TRUST_STORE)
    options = []
    for image in sorted(images):
        tag = "slim-templates-benchmark/trusting-" + re.sub(r"[^a-z0-9.]+", "-", image)
        (folder / "Dockerfile").write_text(TRUSTING.format(image=image))
        engine.build(folder, tag)
        options.append(f"--build-context={image}=docker-image://{tag}")
    return options


def offer(path: str, place: Site, folder: Path) -> None:
    """Put a base image into the registry under `path`, with layers of gzip, as public registries have them."""
    image = path.removeprefix("library/") if path.startswith("library/") else f"gcr.io/{path}"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {image}\n")
    copy = f"{place.address}/{path}"
    engine.build(folder, copy, output="type=image,push=true,compression=gzip,force-compression=true")
    engine.docker("rmi", copy)


def subjects(language: str, folder: Path, place: Site) -> list[Subject]:
    """Return ours, then every peer that has a Dockerfile or a script for the language.

    `place` has a registry for the base images of the tools.
    """
    made = make(folder / OURS, f"language={language}", f"runtime_base={BASE}")
    found = [Subject(OURS, Service(made, language, BASE))]
    for dockerfile in sorted(PEERS.glob(f"*/{language}.Dockerfile")):
        name = dockerfile.parent.name
        path = shutil.copytree(made, folder / name)
        shutil.copy(dockerfile, path / "Dockerfile")
        shutil.copy(PEERS / "dockerignore", path / ".dockerignore")
        images = engine.base_images(dockerfile.read_text())
        context = folder / f"{name}-trust"
        context.mkdir()
        found.append(Subject(name, Service(path, language, BASE), trusting(images, context)))
    for script in sorted(PEERS.glob(f"*/{language}.sh")):
        name, home = script.parent.name, folder / f"{script.parent.name}-home"
        home.mkdir()
        path = shutil.copytree(made, folder / name)
        text = script.read_text(encoding="utf-8")
        for base in re.findall(r"\$REGISTRY/([\w./-]+:[\w.-]+)", text):
            offer(base, place, folder / f"{name}-base")
        trusted = folder / f"{name}-trust"
        trusted.mkdir()
        shutil.copy(script.with_name("tool.Dockerfile"), trusted / "Dockerfile")
        tool = engine.build(trusted, f"slim-templates-benchmark/{name}", f"--secret=id=ca,src={host_roots()}").image.tag
        trust = trusting({tool}, trusted)[0].rpartition("docker-image://")[2]
        options = [
            "--network=host",
            f"--env=REGISTRY={place.address}",
            "--env=HOME=/home",
            f"--volume={home}:/home",
            trust,
        ]
        found.append(Tool(name, Service(path, language, BASE), options, script=text))
    return found


def requests_per_second(image: engine.Image, tools: engine.Image) -> float:
    """Return how many requests one container of `image` answers in a second; wrk shares its network and processors."""
    container = engine.Container(
        engine.docker("run", "--detach", "--publish=127.0.0.1::8080", "--env=PORT=8080", image.tag).strip(), 8080
    )
    try:
        container.wait_until_it_answers()
        wrk = ["docker", "run", "--rm", f"--network=container:{container.id}", tools.tag]
        load(wrk, "http://127.0.0.1:8080/", 3)
        return rate(load(wrk, "http://127.0.0.1:8080/", 5))
    finally:
        container.remove()


def measure(language: str, folder: Path, place: Site, tools: engine.Image) -> list[Subject]:
    """Measure every subject of a language, one after the other, in an order that changes from round to round."""
    found = subjects(language, folder, place)
    for subject in found:
        subject.cold = seconds(lambda subject=subject: subject.build("--no-cache"))
    for turn in range(RUNS):
        for subject in found[turn % len(found) :] + found[: turn % len(found)]:
            subject.no_op.append(seconds(subject.build))
            edit(subject.service)
            subject.edits.append(seconds(subject.build))
    for turn in range(STARTS):
        for subject in found[turn % len(found) :] + found[: turn % len(found)]:
            subject.starts.append(first_answer(subject.build(), "--env=PORT=8080"))
    for subject in found:
        subject.rate = requests_per_second(subject.build(), tools)
    added = added_dependency(found[0].service, folder)
    for subject in found:
        for name, content in added.items():
            (subject.service.path / name).write_bytes(content)
        subject.dependency = seconds(subject.build)
    return found


def added_dependency(service: Service, folder: Path) -> dict[str, bytes]:
    """Return the files, by path, that change in `service` with one more dependency."""
    grown = service.changed(ROOT / "benchmarks" / "dependency" / service.language, folder, host_roots())
    contents = {name: (grown.path / name).read_bytes() for name in grown.files()}
    return {
        name: content
        for name, content in contents.items()
        if name not in service.files() or content != (service.path / name).read_bytes()
    }


def first_screen(rows: dict[str, dict[str, list[str]]]) -> str:
    """Return the table for the README: three medians of ours and of two peers, for each language."""
    columns = {
        "unpacked MB": "image, MB",
        "edit s": "rebuild after an edit, s",
        "x empty": "first answer, × an empty container",  # noqa: RUF001
    }
    lines = [f"| ours / `docker init` / article | {' | '.join(columns.values())} |", f"|---|{'---:|' * len(columns)}"]
    for language, row in rows.items():
        cells = []
        for column in columns:
            ours, *peers = (row[name][COLUMNS.index(column)].split()[0] for name in (OURS, *FIRST_SCREEN))
            cells.append(" / ".join([f"**{ours}**", *peers]))
        lines.append(f"| {language.title()} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(wanted: list[str]) -> None:
    """Print the lines of the languages; write the table and its chart to docs, and the first columns to the README."""
    rows, stand_ins = measured_before()
    for language in wanted or LANGUAGES:
        rows[language] = {}
    with tempfile.TemporaryDirectory() as folder, site() as place:
        Path(folder, "Dockerfile").write_text(TOOLS)
        tools = engine.build(Path(folder), "slim-templates-benchmark/wrk").image
        for language in wanted or LANGUAGES:
            (Path(folder) / language).mkdir()
            for subject in measure(language, Path(folder, language), place, tools):
                rows[language][subject.name] = subject.row()
                stand_ins |= engine.stand_ins(subject.service.read("Dockerfile"))
                print(line(language, subject.name, rows[language][subject.name]), flush=True)
    write(rows, stand_ins)


def line(language: str, name: str, row: list[str]) -> str:
    """Return a line of the table."""
    return f"| {language} | {f'**{OURS}** ({BASE})' if name == OURS else name} | {' | '.join(row)} |"


def measured_before() -> tuple[dict[str, dict[str, list[str]]], set[str]]:
    """Return the rows of docs/benchmark.md by language and image, and the stand-ins that it names."""
    rows: dict[str, dict[str, list[str]]] = {language: {} for language in LANGUAGES}
    page = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")
    for found in re.finditer(r"^\| (\w+) \| (\S+)(?: \(.*?\))? \| (.*) \|$", page, re.MULTILINE):
        if found[1] in rows:
            rows[found[1]][found[2].strip("*")] = found[3].split(" | ")
    return rows, set(re.findall(r"`([^`\s]+:[^`\s]+)`", page.partition("on stand-ins for ")[2].partition("(")[0]))


def write(rows: dict[str, dict[str, list[str]]], stand_ins: set[str]) -> None:
    """Write the page, the chart and the README's table; nothing as long as a language was never measured."""
    if not all(rows.values()):
        return
    table = [f"| language | image | {' | '.join(COLUMNS)} |", f"|---|---|{'---:|' * len(COLUMNS)}"]
    table += [line(language, name, row) for language, each in rows.items() for name, row in each.items()]
    write_page("benchmark", table="\n".join(table), note=conditions(stand_ins))
    sizes = {language: [(name, float(row[0])) for name, row in each.items()] for language, each in rows.items()}
    (ROOT / "docs" / "benchmark.svg").write_text(bars("Image size, MB unpacked", sizes, OURS), encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = re.compile(r"(?<=<!-- benchmarks/compare.py -->\n).*?(?=\n<!-- -->)", re.DOTALL)
    (ROOT / "README.md").write_text(marked.sub(lambda _: first_screen(rows), readme), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
