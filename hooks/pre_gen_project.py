"""Refuse what would not make a working service, before anything is written.

Runs in the project's folder; standard library only. Exit code 1 makes cookiecutter remove the folder.
"""

import json
import os
import re
import sys

# Answers come in as data (JSON in a raw string), never as code.
CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")


def problem(answer: str, rule: dict) -> bool:
    """Say whether `answer` breaks `rule`, one entry of `_rules` in cookiecutter.json."""
    if not re.fullmatch(rule["pattern"], answer):
        return True
    return "minimum" in rule and not rule["minimum"] <= int(answer) <= rule["maximum"]


def main() -> None:
    """Check every answer that has a rule, and that nothing of the user's is in the way."""
    refusals = [
        f"{name} is {CONTEXT[name]!r}, but it has to be {rule['rule']}. For example: {name}={rule['example']}"
        for name, rule in CONTEXT["_rules"].items()
        if problem(CONTEXT[name], rule)
    ]
    if os.path.exists("languages"):
        refusals.append(
            f"{os.path.abspath('languages')} is in the way: the template unpacks its parts there. Rename it."
        )
    if refusals:
        sys.exit("\n".join(refusals))

    # For post_gen_project.py: the template has a file of this name that says "overwrite", and
    # --skip-if-file-exists leaves this one as it is.
    with open(".existing-files", "w", encoding="utf-8") as marker:
        marker.write("keep\n")


main()
