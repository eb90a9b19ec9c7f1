"""Keep what was chosen, drop the alternatives, say what to do next.

Runs in the project's folder; standard library only; a second run finds nothing to do.
"""

import json
import os
import shlex
import shutil
import tempfile

# Answers come in as data (JSON in a raw string), never as code.
CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")


def keep_chosen() -> None:
    """Move the files of each chosen alternative up into the project's folder and remove the others."""
    with open(".existing-files", encoding="utf-8") as marker:
        overwrite = marker.read().strip() == "overwrite"
    os.remove(".existing-files")

    for alternatives, question in CONTEXT["_alternatives"].items():
        source = os.path.join(alternatives, CONTEXT[question])
        for folder, _, files in os.walk(source):
            target = os.path.relpath(folder, source)
            os.makedirs(target, exist_ok=True)
            for name in files:
                if overwrite or not os.path.exists(os.path.join(target, name)):
                    os.replace(os.path.join(folder, name), os.path.join(target, name))
        shutil.rmtree(alternatives)


def next_steps() -> str:
    """Return the three commands from here to an answer."""
    image, port = CONTEXT["project_slug"], CONTEXT["port"]
    folder = os.getcwd()
    try:
        folder = min(folder, os.path.relpath(folder, os.environ["PWD"]), key=len)
    except (KeyError, ValueError):  # no POSIX shell; another drive of Windows
        pass
    return f"""
Next:
    cd {shlex.quote(folder)}
    docker build -t {image} .
    docker run --rm -p {port}:{port} {image}
"""


if os.path.exists(".existing-files"):
    keep_chosen()
    # cruft compares services in temporary folders: nobody goes there.
    if not os.getcwd().startswith(os.path.join(os.path.realpath(tempfile.gettempdir()), tempfile.gettempprefix())):
        print(next_steps())
