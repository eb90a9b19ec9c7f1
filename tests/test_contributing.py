"""CONTRIBUTING.md is all that somebody needs who adds a language or a base."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import ROOT
from support.template import snapshot

PROJECT = "{{cookiecutter.project_slug}}"

DOCKERFILE = """\
{% from "images.jinja" import image with context %}
# syntax={{ image("dockerfile") }}
# check=error=true

{% include "tools.Dockerfile" %}

FROM {{ image("zig") }} AS deps
WORKDIR /app

FROM deps AS test
COPY . .
RUN zig test server.zig

FROM deps AS build
COPY . .
RUN zig build-exe server.zig

{% set distroless = image("distroless/static") %}
{% include "base.Dockerfile" %}

FROM base AS runtime
COPY --link --from=build /app/server /app/bin/server
{% include "promises.Dockerfile" %}
HEALTHCHECK CMD ["/app/bin/server", "healthcheck"]
ENTRYPOINT ["/app/bin/server"]
"""


def insert(file: Path, before: str, text: str) -> None:
    """Insert text before the last place where `before` stands."""
    start, found, end = file.read_text().rpartition(before)
    assert found, f"{file}: no {before!r}"
    file.write_text(start + text + found + end)


def edit(file: Path, change) -> None:
    """Change a JSON file."""
    said = json.loads(file.read_text())
    change(said)
    file.write_text(json.dumps(said, indent=2) + "\n")


def language(template: Path) -> None:
    """Add a language, step by step."""
    folder = template / PROJECT / "languages" / "zig"
    folder.mkdir()
    (folder / "server.zig").write_text("// The service.\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".dockerignore").write_text('{% include "dockerignore" %}\n')
    (folder / ".gitignore").write_text("/bin\n")
    blocks = re.findall(r"{% block (\w+)", (template / "templates" / "README.md").read_text())
    filled = "".join(f"{{% block {block} %}}\nAs in Zig.\n{{% endblock %}}\n" for block in blocks)
    (folder / "README.md").write_text('{% extends "README.md" %}\n' + filled)
    record = json.loads((template / "languages.json").read_text())["go"]
    record |= {
        "manifests": ["build.zig.zon"],
        "routes": "server.zig",
        "dependabot": "zig",
        "words": r"\\bzig\\b",
        "lock_files": [],
        "absent": ["*.zig"],
    }
    edit(template / "languages.json", lambda said: said.update(zig=record))
    edit(
        template / "cookiecutter.json",
        lambda said: said["__prompts__"]["language"].update(zig="Zig - one static binary"),
    )
    insert(template / "templates" / "images.jinja", '    "uv":', '    "zig": "zig:1.0",\n')


def base(template: Path) -> None:
    """Add a base, step by step."""
    branch = '{% elif cookiecutter.runtime_base == "wolfi" %}\n'
    rootfs = 'RUN mkdir -p /rootfs\n\nFROM {{ image("wolfi") }} AS base\n'
    insert(template / "templates" / "base.Dockerfile", "{% endif %}\nCOPY", branch + rootfs)
    label = '      org.opencontainers.image.base.name="{{ image("wolfi") }}"\n'
    insert(template / "templates" / "promises.Dockerfile", "{% endif %}", branch + label)
    insert(template / "templates" / "images.jinja", '    "uv":', '    "wolfi": "cgr.dev/chainguard/wolfi-base:1.0",\n')
    edit(
        template / "cookiecutter.json",
        lambda said: said["__prompts__"]["runtime_base"].update(wolfi="wolfi - glibc, and a package manager"),
    )

    def sizes(said: dict) -> None:
        for record in said.values():
            record["sizes"]["wolfi"] = record["sizes"]["alpine"]

    edit(template / "languages.json", sizes)


@pytest.mark.parametrize(("added", "name"), [(language, "zig"), (base, "(wolfi and (go or java))")])
def test_the_steps_are_enough(tmp_path, added, name):
    """Rendering, lint and refusals pass for it; each file that was touched is named in the steps."""
    template = snapshot(tmp_path / "template", whole=True)
    added(template)
    steps = re.search(f"## Add a {added.__name__}\n(.*?)\n## ", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)[1]
    status = subprocess.run(["git", "status", "--porcelain", "-z"], cwd=template, capture_output=True, text=True).stdout
    for touched in filter(None, status.split("\0")):
        path = touched[3:].replace("/zig/", "/NAME").strip()
        assert path in steps, f"CONTRIBUTING.md does not name {path}"
    tests = [f"tests/test_{which}.py" for which in ("rendering", "lint", "refusals", "menus")]
    wanted = f"{name} or nearest_option or not_text_is_refused or every_question_has_a_label"
    pytest_ = [sys.executable, "-m", "pytest", "-q", "--numprocesses=0", "-m", "not engine", "-k", wanted, *tests]
    done = subprocess.run(pytest_, cwd=template, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed > 60
