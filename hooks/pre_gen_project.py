"""Refuse what would not make a working service, before anything is written.

Runs in the project's folder; standard library only. Exit code 1 makes cookiecutter remove the folder.
"""

import json
import os
import re
import sys
from collections.abc import Iterator

# Answers come in as data (JSON in a raw string), never as code.
CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")
FILES = json.loads(r"""{{ cookiecutter | files | tojson }}""")  # what will be written


def problem(answer: str, rule: dict) -> bool:
    """Say whether `answer` breaks `rule`, one entry of `_rules` in cookiecutter.json."""
    if not re.fullmatch(rule["pattern"], answer):
        return True
    return "minimum" in rule and not rule["minimum"] <= int(answer) <= rule["maximum"]


def refused_answers() -> Iterator[str]:
    """Say of each answer that is not acceptable what would be."""
    for name, rule in CONTEXT["_rules"].items():
        if problem(CONTEXT[name], rule):
            yield f"{name} is {CONTEXT[name]!r}, but it has to be {rule['rule']}. For example: {name}={rule['example']}"
    for name, options in CONTEXT["_only_with"].items():
        for other, answers in options.get(CONTEXT[name], {}).items():
            if CONTEXT[other] not in answers:
                possible = " or ".join(f"{other}={answer}" for answer in answers)
                yield f"{name}={CONTEXT[name]} makes sense only with {possible}"


def in_the_way() -> set[str]:
    """Return what exists and is a file where a folder has to be, or the other way round."""
    found = {folder for folder in CONTEXT["_alternatives"] if os.path.lexists(folder)}  # unpacked there for a moment
    for file in FILES:
        found.update([file] if os.path.isdir(file) else [])
        while file := os.path.dirname(file):
            found.update([file] if os.path.lexists(file) and not os.path.isdir(file) else [])
    return found


def main() -> None:
    """Check the answers, and that nothing of the user's is in the way."""
    refusals = [*refused_answers()]
    refusals += [f"{os.path.abspath(name)} is in the way of the template's files. Rename it." for name in in_the_way()]
    if refusals:
        sys.exit("\n".join(refusals))

    # For post_gen_project.py: the template has a file of this name that says "overwrite", and
    # --skip-if-file-exists leaves this one as it is.
    with open(".existing-files", "w", encoding="utf-8") as marker:
        marker.write("keep\n")


main()
