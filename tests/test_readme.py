"""The README of a fresh service is short, its links lead somewhere, and its commands run as they are printed."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from support.answers import DEFAULTS, refusals
from support.engine import docker, free_port, wait_for
from support.files import headings
from support.services import LANGUAGES, QUESTIONS, RECORDS, ROOT

# In the order of a first week.
SECTIONS = [
    *("Run", "Edit", "Test", "Add a dependency", "Look inside", "Ship", "Deploy", "Observe", "Update"),
    *("In a company's network", "Change the base"),
]
# The answers that the README depends on, with those that it repeats as they are left out.
CHOICES = {name: QUESTIONS[name] for name in ("language", "runtime_base", "ci", "updates")}
CHOICES["base_registry"] = ["", "mirror.corp.example"]

# What is run below: once, or in the background until the next one needs the port.
ONCE = re.compile(
    r"docker build (-t \S+ \.|--target test \.)|curl localhost|docker/tools/(bake|check-image)\.sh(?!.*--push)"
)
SERVING = re.compile(r"docker run --rm (--init )?-p|docker compose up")
# What is not, and why.
ELSEWHERE = {
    r"/path/to/|corp\.example|example\.com|some-package|company\.pem|ca\.p12": "has a name of the reader's own in it",
    r"--push$|^cosign verify": "needs a registry and a released image; tests/policy/test_signatures.py",
    r"kustomize|kubectl|pprof": "needs a cluster; tests/policy runs kustomize",
    r"OTEL_|--cpu-prof|--heapsnapshot|^docker kill --signal": "needs a collector, or a heap to look at; "
    "tests/variants/node/traced has one",
    r"^pipx run cruft": "needs the template's address; tests/test_updates.py",
    r"^(go|golangci-lint|npm|uv|\. \.venv|python|pytest|ruff|mvn|sh docker/tools/lock\.sh)\b": "needs the "
    "language's own tools; the stage `test` runs the same ones",
}


def rendered(**answers: str) -> str:
    """Return the README alone, without a service around it: there are more combinations than there is time."""
    answers = {**DEFAULTS, **answers}
    host = QUESTIONS["_hosts"][answers["ci"]]
    image = f"{answers['owner']}/{answers['project_slug']}"
    derived = {"__image": image, "__registry": host["registry"], "__source": host["source"] + image}
    file = ROOT / "{{cookiecutter.project_slug}}" / "languages" / answers["language"] / "README.md"
    environment = Environment(  # noqa: S701 (no HTML)
        loader=FileSystemLoader([ROOT / "templates"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["languages"] = RECORDS
    own = {name: value for name, value in QUESTIONS.items() if name.startswith("_")}
    template = environment.from_string(file.read_text(encoding="utf-8"))
    return template.render(cookiecutter={**own, **answers, **derived})


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_short_and_in_the_order_of_a_first_week(bake, language):
    """For each combination of the answers that it depends on."""
    assert rendered(language=language) == bake(language=language).read("README.md")
    for values in itertools.product(*({**CHOICES, "language": [language]}.values())):
        answers = dict(zip(CHOICES, values, strict=True))
        if refusals(**answers):
            continue
        readme = rendered(**answers)
        assert readme.count("\n") <= 150, answers
        assert re.findall(r"^## (.*)", readme, re.MULTILINE) == SECTIONS
        assert not re.search(r"[^\n]\n##? |^##? .*\n[^\n]", readme, re.MULTILINE), f"{answers}: a heading stands close"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_names_the_versions_that_the_manifests_ask_for(bake, language):
    service = bake(language=language)
    (needed,) = re.findall(r"^Without a container, with (.+):$", service.read("README.md"), re.MULTILINE)
    versions = re.findall(r"(\d[\d.]*)[^`]*\(`([\w.]+)`", needed)
    assert versions
    for version, manifest in versions:
        assert re.search(rf"(go |=|>){re.escape(version)}\b", service.read(manifest)), needed


@pytest.mark.parametrize("ci", QUESTIONS["ci"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_its_links_to_the_template_lead_to_a_page_and_a_heading(language, ci):
    links = re.findall(rf"\({re.escape(QUESTIONS['_docs'])}/([^)#]+)#?([^)]*)\)", rendered(language=language, ci=ci))
    assert links
    for page, heading in links:
        assert (ROOT / "docs" / page).exists()
        assert not heading or heading in headings(ROOT / "docs" / page), heading


def commands(readme: str) -> list[str]:
    """Return the commands of all blocks, and those in a sentence that build or serve; without comments."""
    found = re.findall(
        r"^```sh\n(.*?)^```$|`(docker (?:build --target|compose up)[^`]*)`", readme, re.MULTILINE | re.DOTALL
    )
    lines = "\n".join(block or inline for block, inline in found).replace("\\\n", " ").splitlines()
    return [
        re.sub(r"\s+#\s.*|(?<=\S)\s+(?=\S)", lambda gap: "" if "#" in gap[0] else " ", line) for line in lines if line
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_is_tried_or_it_is_said_why_not(bake, language):
    page = ROOT / "docs" / "services" / f"{language}.md"
    for command in commands(bake(language=language).read("README.md") + page.read_text(encoding="utf-8")):
        setting = re.match(r"\w+=", command)  # a line of a settings file
        reasons = [reason for pattern, reason in ELSEWHERE.items() if re.search(pattern, command)]
        tried = ONCE.match(command) or SERVING.match(command)
        assert setting or bool(tried) != bool(reasons), command


@contextmanager
def serving(command: list[str], url: str, **options) -> Iterator[None]:
    """Run a command in the background; it serves `url`, and ends well on Ctrl-C."""
    log = options["cwd"].parent / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(url, timeout=2).ok
        except requests.RequestException:
            return False

    try:
        wait_for(answers, 300, log.read_text)
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) in (0, 130), log.read_text()


@pytest.mark.usefixtures("_engine")
@pytest.mark.xdist_group("this machine")
def test_the_commands_run_as_they_are_printed(bake, ca_bundle, tmp_path):
    """On a machine that trusts a company's CA besides; the folder is no git repository yet."""
    service = bake(language="go", project_slug="printed", port=str(free_port()))
    folder = shutil.copytree(service.path, tmp_path / "printed")
    (folder / "compose.override.yaml").write_text(
        f"services: {{app: {{build: {{secrets: [ca]}}}}}}\nsecrets: {{ca: {{file: {ca_bundle}}}}}\n"
    )
    # What a machine's own settings would do: hand the CA to every build.
    wrapper = tmp_path / "bin" / "docker"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" != build ] || {{ shift; set -- build --secret "id=ca,src={ca_bundle}" "$@"; }}\n'
        f'exec {shutil.which("docker")} "$@"\n'
    )
    wrapper.chmod(0o755)
    path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
    options = {"cwd": folder, "env": {**os.environ, "PATH": path, "CA_BUNDLE": str(ca_bundle)}}
    url = f"http://localhost:{service.port}"

    tried = [
        command for command in commands(service.read("README.md")) if ONCE.match(command) or SERVING.match(command)
    ]
    ran = 0
    try:
        for command, following in zip(tried, [*tried[1:], ""], strict=True):
            if SERVING.match(command):
                with serving(["bash", "-ec", f"exec {command}"], url, **options):
                    if following.startswith("curl"):
                        assert "Hello" in run(following, **options)
                        ran += 1
                ran += 1
            elif not command.startswith("curl"):
                run(command, **options)
                ran += 1
        assert ran == len(tried) >= 8
    finally:
        subprocess.run(["docker", "compose", "down", "--rmi=all", "--volumes"], capture_output=True, **options)
        docker("rmi", "--force", "printed", check=False)


def run(command: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(["bash", "-ec", command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
