"""Put the most used server-side packages into services, and load each in the running, hardened container.

    python3 run.py python benchmarks/survey.py node              all bases; prints a table
    python3 run.py python benchmarks/survey.py node scratch      one base
    python3 run.py python benchmarks/survey.py python alpine flask numpy

benchmarks/survey/LANGUAGE.csv lists the packages, with the public figure that they were chosen by. Many packages share
a service. A package whose build is refused is told with the build's sentence, taken out, and the rest is tried again.
No row may say "fails": a package works in the image, or the build says why not.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
from pathlib import Path

from measure import ROOT, make
from support import engine
from support.services import BASES, Service, host_roots

LISTS = ROOT / "benchmarks" / "survey"
TOGETHER = 20  # packages in one service
MEMORY = 1024  # MB: twenty of the largest packages at once

# How a package is added, run in stage deps; and the source that loads one of them, asked as /load?name=NAME.
ADD = {
    "node": "npm install --package-lock-only --ignore-scripts --no-audit --no-fund {names}",
    "python": "uv add --quiet --frozen {names}\nsh docker/tools/lock.sh",
}
SENTENCES = re.compile(r"^.*(?:native-libraries|deps|build|smoke-test): .*$", re.MULTILINE)


def node_routes(names: list[str]) -> tuple[str, str]:
    """Return path and text of the source that loads packages."""
    loaders = "\n".join(f'  "{name}": () => import("{name}"),' for name in names)
    return (
        "src/routes.ts",
        f"""import type {{ FastifyInstance }} from "fastify";

const loaders: Record<string, () => Promise<object>> = {{
{loaders}
}};

export async function routes(app: FastifyInstance): Promise<void> {{
  app.get("/", async () => ({{ message: "Hello" }}));
  app.get("/load", async (request) => {{
    const {{ name }} = request.query as {{ name: string }};
    try {{
      return {{ loaded: Object.keys(await loaders[name]!()).length }};
    }} catch (error) {{
      return {{ failed: String(error) }};
    }}
  }});
}}
""",
    )


def python_routes(names: list[str]) -> tuple[str, str]:
    """Return path and text of the source that loads packages."""
    return (
        "service/routes.py",
        f'''"""Loads packages."""

import importlib
from importlib.metadata import files

from fastapi import APIRouter

router = APIRouter()
NAMES = {names!r}


@router.get("/")
def hello() -> dict[str, str]:
    return {{"message": "Hello"}}


def modules(name: str) -> list[str]:
    """Top-level modules of a distribution, as its list of files has them."""
    tops = {{file.parts[0] for file in files(name) or [] if file.suffix in (".py", ".so")}}
    return sorted({{top.split(".")[0] for top in tops if not top.startswith(("..", "_"))}} - {{"test", "tests"}})


@router.get("/load")
def load(name: str) -> dict[str, str | int]:
    try:
        loaded = [importlib.import_module(module) for module in modules(name) if module.isidentifier()]
    except Exception as error:
        return {{"failed": repr(error)}}
    return {{"loaded": len(loaded)}} if loaded else {{"failed": "no module"}}
''',
    )


ROUTES = {"node": node_routes, "python": python_routes}


def listed(language: str) -> list[str]:
    """Return the packages of a language's list."""
    with (LISTS / f"{language}.csv").open(encoding="utf-8") as file:
        return [row[0] for row in list(csv.reader(file))[1:]]


def grown(language: str, base: str, names: list[str], folder: Path) -> Service:
    """Return a service with the packages, and a route that loads each."""
    path = make(folder, f"language={language}", f"runtime_base={base}")
    service = Service(path, language, base, "survey")
    change = folder / "change"
    source, text = ROUTES[language](names)
    (change / "overlay" / source).parent.mkdir(parents=True)
    (change / "overlay" / source).write_text(text)
    (change / "add").write_text(ADD[language].format(names=" ".join(names)))
    return service.changed(change, folder / "grown", host_roots())


def culprits(names: list[str], log: str) -> list[str]:
    """Return the packages that the last sentences of a failed build name."""
    said = " ".join(SENTENCES.findall(log)[-3:]) or log[-3000:]
    return [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said.replace("_", "-"))]


def survey(language: str, base: str, names: list[str]) -> dict[str, str]:
    """Return the verdict for each package: works, refused with which sentence, fails with what."""
    verdicts: dict[str, str] = {}
    left = list(names)
    while left:
        with tempfile.TemporaryDirectory() as folder:
            try:
                service = grown(language, base, left, Path(folder))
                image = service.build(ca=host_roots()).image
            except engine.EngineError as error:
                said = SENTENCES.findall(str(error))
                refused = culprits(left, str(error)) or ([left[0]] if len(left) == 1 else [])
                if not refused:  # nobody is named: halve
                    middle = len(left) // 2
                    verdicts |= survey(language, base, left[:middle]) | survey(language, base, left[middle:])
                    return verdicts
                sentence = said[-1] if said else str(error).strip().splitlines()[-1]
                kind = "refused" if said else "fails in the build"
                verdicts |= dict.fromkeys(refused, f"{kind}: {sentence[-300:]}")
                left = [name for name in left if name not in refused]
                continue
            container = image.run(f"--memory={MEMORY}m", "--tmpfs=/tmp:exec", port=service.port)
            try:
                container.wait_until_it_answers()
                for name in left:
                    answer = container.ask("GET", "/load", params={"name": name}, timeout=120).json()
                    verdicts[name] = "works" if "loaded" in answer else f"fails: {answer['failed'][:300]}"
            finally:
                container.remove()
            return verdicts
    return verdicts


def main(language: str, *wanted: str) -> None:
    """Print the table of a language."""
    bases = [base for base in BASES if base in wanted] or BASES
    names = [name for name in wanted if name not in BASES] or listed(language)
    print(f"| package | {' | '.join(bases)} |\n|---|{'---|' * len(bases)}")
    for start in range(0, len(names), TOGETHER):
        group = names[start : start + TOGETHER]
        by_base = {base: survey(language, base, group) for base in bases}
        for name in group:
            print(f"| {name} | {' | '.join(by_base[base][name] for base in bases)} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
