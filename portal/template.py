"""Write portal/template.yaml, the Backstage template, from the questions in cookiecutter.json.

    python3 run.py python portal/template.py

A test compares, so that the portal's form and the command line ask the same.
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "portal" / "template.yaml"
# What is not asked in Backstage, because it is known there.
KNOWN = {"catalog": "backstage"}

HEAD = """\
# A Backstage software template, made from cookiecutter.json by portal/template.py; README.md says how it is used.
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: slim-service
  title: HTTP service in a slim image
  description: Go, Node, Python or Java on distroless, scratch or alpine; tested, hardened, ready to ship.
  tags: [go, node, python, java, docker]
spec:
  owner: platform
  type: service
  parameters:
    - title: Service
      required: {required}
      properties:
"""
TAIL = """\
    - title: Repository
      required: [repoUrl]
      properties:
        repoUrl:
          title: Where it is published
          type: string
          ui:field: RepoUrlPicker
  steps:
    - id: make
      name: Make the service
      action: slim:make # portal/action.mjs
      input:
        answers:
{answers}
    - id: publish
      name: Publish it
      action: publish:github # or that of another host: publish:gitlab, publish:bitbucketCloud, ...
      input:
        repoUrl: ${{{{ parameters.repoUrl }}}}
        description: ${{{{ parameters.description }}}}
        defaultBranch: main
    - id: register
      name: Register it
      action: catalog:register
      input:
        repoContentsUrl: ${{{{ steps.publish.output.repoContentsUrl }}}}
        catalogInfoPath: /catalog-info.yaml
  output:
    links:
      - title: Repository
        url: ${{{{ steps.publish.output.remoteUrl }}}}
      - title: In the catalog
        icon: catalog
        entityRef: ${{{{ steps.register.output.entityRef }}}}
"""


def parameter(name: str, default: str, label: str | dict[str, str], rule: dict) -> dict:
    """Return the JSON schema of a question."""
    if isinstance(label, dict):
        options = {option: text for option, text in label.items() if option != "__prompt__"}
        names = list(options.values())
        return {
            "title": label["__prompt__"],
            "type": "string",
            "default": default,
            "enum": list(options),
            "enumNames": names,
        }
    # What follows from another answer has no default in a form.
    known = {} if "{{" in default else {"default": default}
    return {
        "title": label,
        "type": "string",
        "description": f"{rule['rule']}; for example: {rule['example']}",
        **known,
        "pattern": f"^(?:{rule['pattern']})$",
    }


def template() -> str:
    """Return the text of template.yaml."""
    said = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    names = [name for name in said["__prompts__"] if name not in KNOWN]
    required = [name for name in names if name != "base_registry"]
    parts = [HEAD.format(required=json.dumps(required))]
    for name in names:
        parts.append(f"        {name}:\n")
        schema = parameter(name, said[name], said["__prompts__"][name], said["_rules"].get(name, {}))
        parts += [f"          {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in schema.items()]
    given = {name: f"${{{{ parameters.{name} }}}}" for name in names}
    answers = "\n".join(f"          {name}: {answer}" for name, answer in {**given, **KNOWN}.items())
    return "".join(parts) + TAIL.format(answers=answers)


if __name__ == "__main__":
    FILE.write_text(template(), encoding="utf-8", newline="\n")
