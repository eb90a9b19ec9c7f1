"""Put the most used server-side packages into services, and load each in the running, hardened container.

    python3 run.py python benchmarks/survey.py node                      all packages on all bases
    python3 run.py python benchmarks/survey.py node scratch              one base
    python3 run.py python benchmarks/survey.py python alpine flask numpy

benchmarks/survey/LANGUAGE.csv lists the packages, with the public figure that they were chosen by. The verdicts go to
the page docs/survey/LANGUAGE.md; those of what was not asked for stay. Many packages share a service. Where its build
is refused, those that the sentence names are tried alone, and the others without them. What another base refused is
tried alone at once; the bases follow each other, because stages that do not differ are built once. No row may say
"fails": a package works in the image, or the build says why not. It is run before a release.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import requests
from measure import ROOT, make
from support import engine
from support.services import BASES, Service, host_roots

LISTS = ROOT / "benchmarks" / "survey"
PAGES = ROOT / "docs" / "survey"
TOGETHER = 50  # packages in one service
MEMORY = 2048  # MB: fifty of the largest packages at once

HEAD = """\
# Packages of {language}: what works

The most used server-side packages, each loaded in a running, hardened container of a fresh service, the Dockerfile as
it came out of the template. "Works with" names packages of the distribution that it opens by name. "Refused" is
followed by the sentence with which the build ends; "-" was not tried, or the package, or what it needs of the base, was
not available where the survey ran. Images are built on [stand-ins](../../tests/testbed/README.md) for the base images,
without access to anything but package registries.
This page is made by `python3 run.py python benchmarks/survey.py {language}`.

"""
NOT_TRIED = "-"

# How packages are added, run in stage deps.
ADD = {
    "go": "go get {names}\ngo mod tidy",
    # What the JDK has is written down: what is missing of it is the image's fault, what is missing else is optional.
    "java": "sed -i '/^  <dependencies>$/r dependencies.xml' pom.xml\n"
    "sed -i '/<arg>-/d' pom.xml\n"  # generated sources are not held to the linter
    "jimage list /opt/java/openjdk/lib/modules | sed -n 's/^ *\\(.*\\)\\.class$/\\1/p' >src/main/resources/jdk.txt",
    "node": "npm install --package-lock-only --ignore-scripts --no-audit --no-fund {names}",
    "python": "uv add --quiet --frozen {names}\nsh docker/tools/lock.sh",
}
SENTENCES = re.compile(r"^(?!ERROR).*(?:native-libraries|packages|deps|build|smoke-test): .*$", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """A line of a list: name, public figure, and two more columns.

    For Go import path and an expression that uses it; for Java version; for Python the packages of Debian and of Alpine
    that bring what it opens by name.
    """

    name: str
    figure: str
    path: str = ""
    expression: str = ""

    @property
    def version(self) -> str:
        """For Java."""
        return self.path

    def needs(self, base: str) -> str:
        """For Python: a line of docker/packages.txt."""
        return self.expression if base == "alpine" else self.path


def go_sources(packages: list[Package]) -> dict[str, str]:
    """Return the sources that use packages, a file for each: some have the same name."""
    routes = """package main

import (
	"fmt"
	"net/http"
)

var loaders = map[string]func() string{}

func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"message": "Hello"})
	})
	mux.HandleFunc("GET /load", func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if problem := recover(); problem != nil {
				writeJSON(w, http.StatusOK, map[string]string{"failed": fmt.Sprint(problem)})
			}
		}()
		writeJSON(w, http.StatusOK, map[string]string{"loaded": loaders[r.URL.Query().Get("name")]()})
	})
}
"""
    sources = {"routes.go": routes}
    for package in packages:
        named = package.expression.partition(".")[0].lstrip("&*(")
        expression = re.sub(rf"\b{named}\.", "imported.", package.expression)  # `server` is a type of the service
        sources[f"load-{spelled(package.name)}-.go"] = f"""package main

import (
	"fmt"

	imported "{package.path or package.name}"
)

func init() {{
	loaders["{package.name}"] = func() string {{ return fmt.Sprint({expression}) }}
}}
"""
    return sources


def java_sources(packages: list[Package]) -> dict[str, str]:
    """Return the dependencies, and the source that loads every class of one and each service that it provides."""
    dependencies = "".join(
        f"    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{package.version}</version></dependency>\n"
        for package in packages
        for group, artifact in [package.name.split(":")]
    )
    routes = """package service;

import jakarta.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipFile;
import org.eclipse.jetty.server.Request;

final class Routes {
    private Routes() {}

    static void register(Router router) {
        var hello = Json.createObjectBuilder().add("message", "Hello from " + Main.NAME).build();
        router.get("/", (request, response) -> Router.send(response, 200, hello));
        router.get("/load", (request, response) -> {
            var answer = Json.createObjectBuilder();
            try {
                String[] name = Request.extractQueryParameters(request).getValue("name").split(":");
                answer.add("loaded", load(name[0], name[1]));
            } catch (Throwable e) {
                answer.add("failed", String.valueOf(e));
            }
            Router.send(response, 200, answer.build());
        });
    }

    private static String text(InputStream file) throws IOException {
        try (file) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static int load(String group, String artifact) throws Exception {
        Path folder = Path.of("/app/libs", group);
        List<Path> jars;
        try (var files = Files.list(folder)) {
            jars = files.filter(file -> file.getFileName().toString().matches(artifact + "-[0-9].*jar")).toList();
        }
        Set<String> jdk = new HashSet<>(text(Routes.class.getResourceAsStream("/jdk.txt")).lines().toList());
        int loaded = 0;
        Set<String> missing = new TreeSet<>();
        try (ZipFile jar = new ZipFile(jars.getFirst().toFile())) {
            for (var entry : Collections.list(jar.entries())) {
                String name = entry.getName();
                if (name.startsWith("META-INF/services/") && !entry.isDirectory()) {
                    for (String provider : text(jar.getInputStream(entry)).lines().toList()) {
                        try {
                            Class.forName(provider.strip()).getDeclaredConstructor().newInstance();
                        } catch (Throwable e) {
                            note(e, jdk, missing);
                        }
                    }
                }
                if (name.endsWith(".class") && !name.startsWith("META-INF/") && !name.endsWith("-info.class")) {
                    String named = name.substring(0, name.length() - 6).replace('/', '.');
                    try {
                        Class<?> type = Class.forName(named, false, Routes.class.getClassLoader());
                        type.getDeclaredMethods();
                        type.getDeclaredFields();
                        type.getDeclaredConstructors();
                        loaded++;
                    } catch (Throwable e) {
                        note(e, jdk, missing);
                    }
                }
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalStateException("missing: " + missing);
        }
        return loaded;
    }

    private static void note(Throwable e, Set<String> jdk, Set<String> missing) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            boolean noClass = cause instanceof NoClassDefFoundError || cause instanceof ClassNotFoundException;
            boolean noLibrary = cause instanceof UnsatisfiedLinkError && text.contains("shared object");
            if (noClass && jdk.contains(text.replace('.', '/')) || noLibrary) {
                missing.add(text);
            }
        }
    }
}
"""
    return {"dependencies.xml": dependencies, "src/main/java/service/Routes.java": routes}


def node_sources(packages: list[Package]) -> dict[str, str]:
    """Return the source that loads packages."""
    loaders = "\n".join(f'  "{package.name}": () => import("{package.name}"),' for package in packages)
    text = f"""import type {{ FastifyInstance }} from "fastify";

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
"""
    return {"src/routes.ts": text}


def python_sources(packages: list[Package]) -> dict[str, str]:
    """Return the source that loads packages."""
    text = '''"""Loads packages."""

import importlib
from importlib.metadata import files

from fastapi import APIRouter

router = APIRouter()


@router.get("/")
def hello() -> dict[str, str]:
    return {"message": "Hello"}


def modules(name: str) -> list[str]:
    """Top-level modules of a distribution, as its list of files has them."""
    tops = {file.parts[0] for file in files(name) or [] if file.suffix in (".py", ".so")}
    return sorted({top.split(".")[0] for top in tops if not top.startswith(("..", "_"))} - {"test", "tests"})


@router.get("/load")
def load(name: str) -> dict[str, str | int]:
    try:
        loaded = [importlib.import_module(module) for module in modules(name) if module.isidentifier()]
    except Exception as error:
        return {"failed": repr(error)}
    return {"loaded": len(loaded)} if loaded else {"failed": "no module"}
'''
    return {"service/routes.py": text}


SOURCES = {"go": go_sources, "java": java_sources, "node": node_sources, "python": python_sources}


def listed(language: str) -> tuple[str, list[Package]]:
    """Return what the figures of a language's list are, and its packages."""
    with (LISTS / f"{language}.csv").open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return head[1], [Package(*row) for row in rows]


def grown(language: str, base: str, packages: list[Package], folder: Path) -> Service:
    """Return a service with the packages, and a route that loads each."""
    path = make(folder, f"language={language}", f"runtime_base={base}")
    change = folder / "change"
    for name, text in SOURCES[language](packages).items():
        source = change / "overlay" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text)
    if language == "python" and (lines := [f"{package.needs(base)}\n" for package in packages if package.needs(base)]):
        (change / "overlay" / "docker").mkdir()
        (change / "overlay" / "docker" / "packages.txt").write_text("".join(lines))
    (change / "add").write_text(ADD[language].format(names=" ".join(package.name for package in packages)))
    return Service(path, language, base, "survey").changed(change, folder / "grown", host_roots())


def loaded(language: str, base: str, packages: list[Package]) -> dict[str, str]:
    """Return the verdict for each package of one service; raises EngineError where it is not built or does not run."""
    with tempfile.TemporaryDirectory() as folder:
        service = grown(language, base, packages, Path(folder))
        dockerfile = service.read("Dockerfile")
        image = service.build(ca=host_roots()).image
        container = image.run(f"--memory={MEMORY}m", tmpfs=service.record["tmpfs"], port=service.port)
        try:
            container.wait_until_it_answers()
            answers = {
                package.name: container.ask("GET", "/load", params={"name": package.name}, timeout=120).json()
                for package in packages
            }
        except requests.RequestException as error:
            raise engine.EngineError(f"{error}\n{container.logs()[-1000:]}") from error
        finally:
            container.remove()
            engine.docker("rmi", "--force", image.tag)
    needs = {package.name: package.needs(base) for package in packages} if language == "python" else {}
    verdicts = {}
    for name, said in answers.items():
        works = f"works with {needs[name]} in docker/packages.txt" if needs.get(name) else "works"
        verdicts[name] = works if "loaded" in said else f"fails: {said['failed']}"
        missing = re.search(r"No module named '(\w+)'", verdicts[name])
        if missing and language == "python" and not of_the_base(dockerfile, missing[1]):
            verdicts[name] = NOT_TRIED
    return verdicts


def of_the_base(dockerfile: str, module: str) -> bool:
    """Say whether a base image has a module that is missing: a stand-in's Python has not all of the official one's."""
    image = re.search(r"^FROM (python:\S+)", dockerfile, re.MULTILINE)[1]
    asked = f"'{module}' not in sys.stdlib_module_names or importlib.util.find_spec('{module}') is not None"
    said = engine.docker("run", "--rm", image, "python3", "-c", f"import importlib.util, sys; print({asked})")
    return said.strip() == "True"


def survey(language: str, base: str, packages: list[Package]) -> dict[str, str]:
    """Return the verdict for each package by its name."""
    try:
        return loaded(language, base, packages)
    except engine.EngineError as error:
        said = SENTENCES.findall(str(error))
        unreachable = str(error).startswith("docker run --rm") or "unable to select packages" in str(error)
        if len(packages) == 1 and unreachable:
            return {packages[0].name: NOT_TRIED}  # the package manager does not find it or what it depends on
        if len(packages) == 1:
            verdict = f"refused: {said[-1]}" if said else f"fails: {str(error).strip().splitlines()[-1]}"
            return {packages[0].name: verdict}
        told = said[-3:] + re.findall(r"^(?:.*load-.*\.go:\d|go: module ).*$", str(error), re.MULTILINE)
        told += re.findall(r"Because (\S+?)==", str(error))  # uv
    named = [package for package in packages if is_named(package.name, " ".join(told))]
    rest = [package for package in packages if package not in named]
    if not named or not rest:  # halve
        middle = len(packages) // 2
        named, rest = [], packages[:middle]
        return survey(language, base, rest) | survey(language, base, packages[middle:])
    verdicts = survey(language, base, rest)
    for package in named:
        verdicts |= survey(language, base, [package])
    return verdicts


def grouped(packages: list[Package], verdicts: dict[str, dict[str, str]]) -> list[list[Package]]:
    """Return the groups that are tried together: what a base refused is alone."""
    alone = [p for p in packages if any(v.startswith(("refused", "fails")) for v in verdicts[p.name].values())]
    together = [p for p in packages if p not in alone]
    return [group for group in [together, *([p] for p in alone)] if group]


def spelled(text: str) -> str:
    """Return a text with dashes for all that is neither letter nor digit: the same wherever it is part of a name."""
    return re.sub(r"[\W_]+", "-", text)


def is_named(name: str, text: str) -> bool:
    """Say whether a text names a package."""
    return f"-{spelled(name).strip('-')}-" in f"-{spelled(text)}-"


def written(page: Path) -> dict[str, dict[str, str]]:
    """Return the verdicts that a page has, by package and base."""
    if not page.exists():
        return {}
    rows = [line.strip("| ").split(" | ") for line in page.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    head, _, *rows = rows
    return {row[0]: dict(zip(head[2:], row[2:], strict=True)) for row in rows}


def page_of(language: str, figure: str, packages: list[Package], verdicts: dict[str, dict[str, str]]) -> str:
    """Return the text of a language's page."""
    kinds = [re.split("[: ]", verdict)[0] for by_base in verdicts.values() for verdict in by_base.values()]
    counts = ", ".join(f"{kind} {kinds.count(kind)}" for kind in sorted(set(kinds) - {NOT_TRIED}, reverse=True))
    text = HEAD.format(language=language) + f"Verdicts over all bases: {counts}.\n\n"
    text += f"| package | {figure} | {' | '.join(BASES)} |\n|---|---|{'---|' * len(BASES)}\n"
    for package in packages:
        by_base = verdicts[package.name]
        text += f"| {package.name} | {package.figure} | {' | '.join(by_base[base] for base in BASES)} |\n"
    return text


def main(language: str, *wanted: str) -> None:
    """Try packages, and write the page of a language."""
    figure, packages = listed(language)
    bases = [base for base in BASES if base in wanted] or BASES
    names = [name for name in wanted if name not in BASES]
    asked = [package for package in packages if not names or package.name in names]
    page = PAGES / f"{language}.md"
    before = written(page)
    verdicts = {
        package.name: {base: before.get(package.name, {}).get(base, NOT_TRIED) for base in BASES}
        for package in packages
    }
    page.parent.mkdir(exist_ok=True)
    for start in range(0, len(asked), TOGETHER):
        for base in bases:
            for group in grouped(asked[start : start + TOGETHER], verdicts):
                for name, verdict in survey(language, base, group).items():
                    verdicts[name][base] = re.sub(r"[|\s]+", " ", verdict)[:400]
                    print(f"{name} on {base}: {verdicts[name][base]}", flush=True)
                page.write_text(page_of(language, figure, packages, verdicts), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
