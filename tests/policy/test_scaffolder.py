"""Backstage's own scaffolder makes the services that the command line makes.

It downloads large programs, so it runs when it is named: python3 run.py pytest tests/policy
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import requests
import yaml
from support.database import database
from support.engine import address, wait_for
from support.files import contents
from support.services import ROOT
from support.template import snapshot
from support.tools import POLICY, TOOLS, python_tool

# All of it in one process: two would download the same at the same time.
pytestmark = pytest.mark.xdist_group("policy")


@pytest.fixture
def scaffolder(tmp_path, _engine):
    """The address of Backstage's scaffolder, with the action of this template and a real database."""
    folder = tmp_path / "backstage"
    folder.mkdir()
    shutil.copy(POLICY / "scaffolder.mjs", folder)
    snapshot(folder / "slim-templates")
    (folder / "package.json").write_text(json.dumps({"name": "backstage", "dependencies": TOOLS["backstage"]}))
    # No script of a package is run: what they would compile is another database.
    options = ["--ignore-scripts", "--no-audit", "--no-fund", f"--before={TOOLS['before']}"]
    installed = subprocess.run([*python_tool("npm"), "install", *options], cwd=folder, capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with database() as postgres, (folder / "log").open("wb") as log:
        postgres.start()
        host = address(postgres.container)
        backend = {
            "baseUrl": url,
            "listen": {"host": "127.0.0.1", "port": port},
            "database": {"client": "pg", "connection": {"host": host, "user": "app", "password": "secret"}},
            "auth": {"dangerouslyDisableDefaultAuthPolicy": True},
        }
        config = {"app": {"baseUrl": url}, "organization": {"name": "acme"}, "backend": backend}
        (folder / "app-config.yaml").write_text(json.dumps(config))
        process = subprocess.Popen(
            [*python_tool("node", package="npm"), "scaffolder.mjs"], cwd=folder, stdout=log, stderr=log
        )

        def answers() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return requests.get(f"{url}/api/scaffolder/v2/actions", timeout=5).ok
            except requests.RequestException:
                return False

        try:
            wait_for(answers, 120, (folder / "log").read_text)
            yield url
        finally:
            process.terminate()
            process.wait(60)


def test_a_task_makes_what_the_command_line_makes(scaffolder, bake):
    """Without its last steps, which publish to GitHub."""
    template = yaml.safe_load((ROOT / "portal" / "template.yaml").read_text(encoding="utf-8"))
    made_by = ["slim:make", "catalog:write"]
    template["spec"]["steps"] = [step for step in template["spec"]["steps"] if step["action"] in made_by]
    template["spec"]["output"] = {}
    asked = template["spec"]["parameters"][0]["properties"]
    answers = {
        **{name: schema.get("default", "") for name, schema in asked.items()},
        "project_name": "Order Service",
        "project_slug": "order-service",
        "description": 'Says "{{ hello }}" to ${{ parameters.owner }}',
        "language": "java",
    }
    task = {"template": template, "secrets": {}, "directoryContents": []}
    task["values"] = {**answers, "repoUrl": "github.com?owner=acme&repo=order-service"}
    answer = requests.post(f"{scaffolder}/api/scaffolder/v2/dry-run", json=task, timeout=120)
    assert answer.ok, answer.text
    done = answer.json()
    made = {Path(file["path"]): base64.b64decode(file["base64Content"]) for file in done["directoryContents"]}
    described = yaml.safe_load(made.pop(Path("catalog-info.yaml")))
    assert described["metadata"]["name"] == "order-service", done["log"]
    assert made == contents(bake(**answers).path)
