"""Refuse what would not make a working service, before anything is written.

Runs in the project's folder; standard library only. Exit code 1 makes cookiecutter remove the folder.
"""

import json
import os
import sys

# Answers come in as data (JSON in a raw string), never as code. The filters are slim_questions.py's.
FOLDERS = json.loads(r"""{{ cookiecutter._alternatives | list | tojson }}""")
FILES = json.loads(r"""{{ cookiecutter | files | tojson }}""")
REFUSALS = json.loads(r"""{{ cookiecutter | refusals | tojson }}""")


def in_the_way() -> set[str]:
    """Return what exists and is a file where a folder has to be, or the other way round."""
    found = {folder for folder in FOLDERS if os.path.lexists(folder)}  # the template's, for a moment
    for name in FILES:
        found.update([name] if os.path.isdir(name) else [])
        while name := os.path.dirname(name):
            found.update([name] if os.path.lexists(name) and not os.path.isdir(name) else [])
    return found


def main() -> None:
    """Refuse a bad answer (a replayed one: slim_questions.py refuses others sooner), and what cannot be overwritten."""
    refusals = REFUSALS + [
        f"{os.path.abspath(name)} is in the template's way. Rename it." for name in sorted(in_the_way())
    ]
    if refusals:
        sys.exit("\n".join(refusals))

    # For post_gen_project.py: the template has a file of this name that says "overwrite", and
    # --skip-if-file-exists leaves this one as it is.
    with open(".existing-files", "w", encoding="utf-8") as marker:
        marker.write("keep\n")


main()
