"""Backstage's own scaffolder makes the services that the command line makes, publishes and registers them.

It downloads large programs, so it runs when it is named: python3 run.py pytest tests/policy
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import requests
import yaml
from support.answers import DEFAULTS
from support.database import database
from support.engine import address, free_port, wait_for
from support.githost import git_host
from support.services import ROOT
from support.template import git, snapshot
from support.tools import POLICY, TOOLS, python_tool

# All of it in one process: two would download the same at the same time.
pytestmark = pytest.mark.xdist_group("policy")


@pytest.fixture
def host(tmp_path):
    """The address of a git server with one empty repository, acme/order-service."""
    (tmp_path / "repositories").mkdir()
    with git_host(tmp_path / "repositories", "acme/order-service") as host:
        yield host


@pytest.fixture
def backstage(tmp_path, host, _engine):
    """The address of Backstage's backend: catalog and scaffolder, with this template and a real database."""
    folder = tmp_path / "backstage"
    folder.mkdir()
    shutil.copy(POLICY / "scaffolder.mjs", folder)
    snapshot(folder / "slim-templates")
    template = yaml.safe_load((ROOT / "portal" / "template.yaml").read_text(encoding="utf-8"))
    steps = {step["id"]: step for step in template["spec"]["steps"]}
    steps["publish"]["action"] = "publish:here"
    # The address of the file itself, since Backstage has no integration for this host.
    steps["register"]["input"] = {"catalogInfoUrl": "${{ steps.publish.output.repoContentsUrl }}catalog-info.yaml"}
    (folder / "template.yaml").write_text(json.dumps(template))
    (folder / "package.json").write_text(json.dumps({"name": "backstage", "dependencies": TOOLS["backstage"]}))
    # No script of a package is run: what they would compile is another database.
    options = ["--ignore-scripts", "--no-audit", "--no-fund", f"--before={TOOLS['before']}"]
    installed = subprocess.run([*python_tool("npm"), "install", *options], cwd=folder, capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with database() as postgres, (folder / "log").open("wb") as log:
        postgres.start()
        server = address(postgres.container)
        backend = {
            "baseUrl": url,
            "listen": {"host": "127.0.0.1", "port": port},
            "database": {"client": "pg", "connection": {"host": server, "user": "app", "password": "secret"}},
            "auth": {"dangerouslyDisableDefaultAuthPolicy": True},
            "reading": {"allow": [{"host": host}]},
        }
        catalog = {
            "rules": [{"allow": ["Component", "Template"]}],
            "locations": [{"type": "file", "target": str(folder / "template.yaml")}],
        }
        config = {"app": {"baseUrl": url}, "organization": {"name": "acme"}, "backend": backend, "catalog": catalog}
        (folder / "app-config.yaml").write_text(json.dumps(config))
        command = [*python_tool("node", package="npm"), "scaffolder.mjs"]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)

        def knows_the_template() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return bool(entity(url, "template", "slim-service"))
            except requests.RequestException:
                return False

        try:
            wait_for(knows_the_template, 180, (folder / "log").read_text)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # uvx, and node, to which it does not pass on the signal
            process.wait(60)


def entity(url: str, kind: str, name: str) -> dict:
    """Return what the catalog has of this name; nothing where it has not."""
    answer = requests.get(f"{url}/api/catalog/entities/by-name/{kind}/default/{name}", timeout=5)
    return answer.json() if answer.ok else {}


def modes_and_contents(folder: Path) -> dict[Path, tuple[bool, bytes]]:
    """Return whether each file is a program, and its bytes."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]
    return {path.relative_to(folder): (bool(path.stat().st_mode & 0o100), path.read_bytes()) for path in files}


def test_a_task_makes_publishes_and_registers_what_the_command_line_makes(backstage, host, bake, tmp_path):
    """Without GitHub: the publishing step pushes to a repository that is there."""
    chosen = {
        "project_name": "Order Service",
        "project_slug": "order-service",
        "description": 'Says "{{ hello }}" to ${{ parameters.owner }}',
        "language": "java",
    }
    form = yaml.safe_load((ROOT / "portal" / "template.yaml").read_text(encoding="utf-8"))["spec"]["parameters"][0]
    values = {name: DEFAULTS[name] for name in form["properties"]} | chosen
    task = {
        "templateRef": "template:default/slim-service",
        "values": {**values, "repoUrl": f"{host}?owner=acme&repo=order-service"},
    }
    answer = requests.post(f"{backstage}/api/scaffolder/v2/tasks", json=task, timeout=60)
    assert answer.ok, answer.text
    address = f"{backstage}/api/scaffolder/v2/tasks/{answer.json()['id']}"

    def log() -> str:
        return "\n".join(event["body"]["message"] for event in requests.get(f"{address}/events", timeout=5).json())

    wait_for(lambda: requests.get(address, timeout=5).json()["status"] not in ("open", "processing"), 180, log)
    assert requests.get(address, timeout=5).json()["status"] == "completed", log()

    git(tmp_path, "clone", "--quiet", f"http://{host}/acme/order-service.git", "cloned")
    assert git(tmp_path / "cloned", "branch", "--show-current") == "main"
    assert modes_and_contents(tmp_path / "cloned") == modes_and_contents(bake(**chosen, catalog="backstage").path)
    wait_for(lambda: entity(backstage, "component", "order-service"), 60, log)
    entry = entity(backstage, "component", "order-service")
    assert entry["metadata"]["description"] == chosen["description"]
    assert entry["spec"]["owner"] == "acme"
