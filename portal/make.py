"""Make a service for a program: answers as JSON on stdin, what was made as JSON on stdout.

    echo '{"project_name": "Order Service", "language": "go"}' | python3 run.py make --output-dir ..

Success: `{"path": ..., "image": ..., "answers": {...}, "files": [...]}` and exit code 0. Refusal: exit code 1,
`{"errors": ["..."]}`, and nothing is written. A question of cookiecutter.json that is not answered takes its default.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parent.parent


def make(answers: object, output_dir: str) -> dict:
    """Make a service and return what there is to know of it, or why it was refused."""
    if not isinstance(answers, dict):
        return {"errors": ['The answers have to be a JSON object, for example {"language": "go"}.']}
    try:
        path = cookiecutter(str(ROOT), no_input=True, extra_context=answers, output_dir=output_dir, default_config=True)
    except SystemExit as refusal:
        return {"errors": str(refusal.code).splitlines()}
    except Exception as error:
        return {"errors": [str(error)]}
    # Here, because cookiecutter has made it known by now.
    from slim_answers import Answers

    written = Answers.writing
    files = sorted(file.relative_to(path).as_posix() for file in Path(path).rglob("*") if file.is_file())
    return {"path": path, "image": written.image, "answers": written.answers, "files": files}


def main() -> int:
    """Read, make, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output-dir", default=".", help="where the service's folder is made")
    options = parser.parse_args()
    stdout = os.dup(1)
    os.dup2(2, 1)  # what hooks print is for people
    try:
        answers = json.load(sys.stdin)
    except (ValueError, RecursionError) as error:
        made = {"errors": [f"The answers are not JSON: {error}"]}
    else:
        made = make(answers, options.output_dir)
    with os.fdopen(stdout, "w", encoding="utf-8") as out:
        json.dump(made, out, indent=2)
        out.write("\n")
    return 1 if "errors" in made else 0


if __name__ == "__main__":
    sys.exit(main())
