"""A program makes the same services as a person: answers as JSON, a form in Backstage."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.answers import BAD, DEFAULTS, GOOD, NAMES, RULES, image_of
from support.files import contents
from support.services import QUESTIONS, ROOT

sys.path.insert(0, str(ROOT / "portal"))

import template as portal


def make(folder: Path, answers: str) -> tuple[int, dict]:
    """Hand answers to the command; return its exit code and what it says was made."""
    command = [sys.executable, ROOT / "portal" / "make.py", f"--output-dir={folder}"]
    done = subprocess.run(command, input=answers, capture_output=True, text=True, env={"HOME": str(folder.parent)})
    return done.returncode, json.loads(done.stdout)


def test_json_in_the_service_and_json_out(bake, tmp_path):
    code, made = make(tmp_path / "out", json.dumps({"project_name": "Order Service", "language": "java", "port": 9000}))
    assert code == 0
    reference = bake(project_name="Order Service", language="java", port="9000")
    assert made == {
        "path": str(tmp_path / "out" / "order-service"),
        "image": image_of(project_slug="order-service"),
        "answers": {
            **DEFAULTS,
            "project_name": "Order Service",
            "project_slug": "order-service",
            "language": "java",
            "port": "9000",
        },
        "files": sorted(reference.files()),
    }
    assert contents(Path(made["path"])) == contents(reference.path)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ('{"langage": "go"}', "There is no question 'langage'. Did you mean language?"),
        ('{"language": "gopher"}', "language is 'gopher', but it has to be "),
        ('{"language": ["go"]}', 'language is ["go"], but it has to be '),
        ('{"owner": null}', "owner is null, but it has to be "),
        ('{"_rules": {}}', "There is no question '_rules'."),
        ('{"_extensions": []}', ""),
        ("[]", "The answers have to be a JSON object"),
        ("", "The answers are not JSON"),
        ("[" * 100_000, "The answers are not JSON"),
    ],
)
def test_a_refusal_is_json_as_well(tmp_path, answers, said):
    code, made = make(tmp_path / "out", answers)
    assert code == 1
    assert list(made) == ["errors"]
    assert made["errors"][0].startswith(said)
    assert not list(tmp_path.glob("out/*"))


def test_the_form_asks_what_the_command_line_asks():
    assert (ROOT / "portal" / "template.yaml").read_text(encoding="utf-8") == portal.template(), (
        "run portal/template.py"
    )
    said = yaml.safe_load(portal.template())["spec"]
    form = said["parameters"][0]["properties"]
    assert list(form) == [name for name in NAMES if name not in portal.KNOWN]
    for name, schema in form.items():
        if name in RULES:
            for value in GOOD[name]:
                assert re.search(schema["pattern"], value)
            for value in BAD[name]:
                assert not re.search(schema["pattern"], value) or value.isdecimal() or value.endswith("\n")
        else:
            assert schema["enum"] == list(QUESTIONS["__prompts__"][name])[1:]
    given = {name: f"${{{{ parameters.{name} }}}}" for name in form}
    assert said["steps"][0]["input"]["answers"] == {**given, **portal.KNOWN}


@pytest.mark.parametrize("ci", QUESTIONS["ci"])
def test_an_entry_for_the_catalog_is_one_file_more_and_changes_no_other(bake, ci):
    answers = {"project_name": """It's "new": #1""", "description": "{{ 7 * 7 }} © 🚀", "owner": "acme/web", "ci": ci}
    made = contents(bake(catalog="backstage", **answers).path)
    entry = yaml.safe_load(made.pop(Path("catalog-info.yaml")))
    assert made == contents(bake(**answers).path)
    assert entry["metadata"]["name"] == "it-s-new-1"
    assert entry["metadata"]["title"] == answers["project_name"]
    assert entry["metadata"]["description"] == answers["description"]
    assert entry["spec"]["owner"] == "web"
    assert [name.split(".")[0] for name in entry["metadata"]["annotations"]] == ["backstage", *{ci} - {"none"}]
