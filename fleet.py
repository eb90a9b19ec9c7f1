#!/usr/bin/env python3
"""Bring many services up to date with the template, and propose the change in each.

    python3 run.py python fleet.py all LIST FOLDER [COMMAND...]     the three steps, on a machine of your own:

    python3 fleet.py fetch LIST FOLDER                  clones the services and the templates they were made from
    python3 run.py python fleet.py render FOLDER        makes FOLDER/patches; runs the template's code, needs no token
    python3 fleet.py open LIST FOLDER [COMMAND...]      pushes each patch as the branch `template`, and runs COMMAND

LIST has the address of a repository a line, as `git clone` takes it; # begins a comment. COMMAND opens the pull
request; it runs in a fresh clone, on the branch, with REPOSITORY in its environment. By default it is gh, for GitHub.

A pipeline runs the steps in jobs of their own, so that no code of the template or a service sees a token:
.github/workflows/fleet.yaml. Needs git; `render` needs cruft, which nothing else here knows.

Code of a template decides what is proposed to all services, so no service may choose it: it has to be of the default
branch of the repository that this file comes from, or of one that a line `template ADDRESS` in LIST names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BRANCH = "template"
OPEN = ["sh", "-c", "gh pr view --json state --jq .state | grep -q OPEN || gh pr create --head template --fill"]
WHO = ["-c", "user.name=template", "-c", "user.email=template@localhost"]


class FailedError(Exception):
    """A command did not succeed; the message is the last words that it printed."""


def run(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and return what it printed on stdout."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True
    )
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if re.search(r"\w", line)]
        raise FailedError(f"{command[0]} {command[1]}: {said[-1] if said else 'no output'}")
    return done.stdout


def lines(listed: str) -> Iterator[str]:
    """Give the lines of the file `listed`, without comments."""
    for line in Path(listed).read_text(encoding="utf-8").splitlines():
        if text := line.partition("#")[0].strip():
            yield text


def addresses(listed: str) -> list[str]:
    """Return the addresses of services in the file `listed`."""
    return [line for line in lines(listed) if not line.startswith("template ")]


def templates(listed: str) -> set[str]:
    """Return the templates whose code may run."""
    named = [line.split()[1] for line in lines(listed) if line.startswith("template ")]
    return {plain(address) for address in named or [run("git", "remote", "get-url", "origin", cwd=ROOT).strip()]}


def plain(address: str) -> str:
    """Return host and path of an address, which are the same with and without ssh."""
    host_and_path = re.sub(r"^(\w+://)?([^@/]+@)?", "", address)
    return host_and_path.replace(":", "/").removesuffix("/").removesuffix(".git")


def name_of(address: str) -> str:
    """Return a file's name for an address: acme-orders for https://github.com/acme/orders.git."""
    path = re.split(r"[:/\\]+", address.removesuffix("/").removesuffix(".git"))
    return "-".join([*path[-2:], hashlib.sha256(address.encode()).hexdigest()[:6]])


def mirror_of(folder: Path, template: str) -> Path:
    """Return where the copy of a template is."""
    return folder / "templates" / f"{hashlib.sha256(template.encode()).hexdigest()[:12]}.git"


def fetch(folder: Path, address: str, allowed: set[str]) -> str:
    """Clone a service, and its template once."""
    service = folder / "services" / name_of(address)
    run("git", "clone", "--quiet", "--", address, service)
    if not (service / ".cruft.json").exists():
        return "not linked to a template: cruft link does it"
    template = json.loads((service / ".cruft.json").read_text(encoding="utf-8"))["template"]
    if plain(template) not in allowed:
        raise FailedError(f"follows {template}. If that may be, add the line: template {template}")
    mirror = mirror_of(folder, template)
    if not mirror.exists():
        # Nothing of other branches and of pull requests, which nobody may have reviewed.
        run("git", "clone", "--quiet", "--bare", "--single-branch", "--", template, mirror)
    return "fetched"


def render(folder: Path, service: Path) -> str:
    """Update a clone with cruft, from the copy of its template; keep the difference as a patch."""
    if not (service / ".cruft.json").exists():
        return "not linked to a template"
    state = json.loads((service / ".cruft.json").read_text(encoding="utf-8"))
    template = state["template"]
    mirror = mirror_of(folder, template)
    if not mirror.exists():
        raise FailedError(f"its template was not fetched: {template}")
    if state.get("directory"):
        raise FailedError("`directory` in .cruft.json may lead out of the template")
    env = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{mirror.resolve().as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": template,
    }
    before = (service / ".cruft.json").read_text(encoding="utf-8")
    run("cruft", "update", "--skip-apply-ask", cwd=service, env=env)
    if (service / ".cruft.json").read_text(encoding="utf-8") == before:
        return "up to date"
    conflicts = run("git", "diff", "--name-only", "--diff-filter=U", cwd=service).split()
    run("git", "add", "--all", cwd=service)
    patch = run("git", "diff", "--cached", "--binary", cwd=service)
    (folder / "patches").mkdir(exist_ok=True)
    (folder / "patches" / f"{service.name}.patch").write_text(patch, encoding="utf-8", newline="\n")
    return f"has conflicts to solve: {' '.join(conflicts)}" if conflicts else "has an update"


def propose(folder: Path, address: str, command: list[str]) -> str:
    """Push a patch as a branch of a fresh clone, and open the pull request."""
    patch = folder / "patches" / f"{name_of(address)}.patch"
    if not patch.exists():
        return "nothing to propose"
    clone = folder / "opened" / name_of(address)
    run("git", "clone", "--quiet", "--", address, clone)
    run("git", "switch", "--quiet", "--create", BRANCH, cwd=clone)
    run("git", "apply", "--index", patch.resolve(), cwd=clone)
    run("git", *WHO, "commit", "--quiet", "--message", "Update from the template", cwd=clone)
    run("git", "push", "--quiet", "--force", "origin", BRANCH, cwd=clone)
    run(*command, cwd=clone, env={"REPOSITORY": address})
    return "proposed"


def each(what: Callable[..., str], items: list, *arguments: object) -> bool:
    """Call `what` for each item and print its result; continue after a failure. Return whether all succeeded."""
    well = True
    for item in items:
        try:
            result = what(*arguments[:1], item, *arguments[1:])
        except (FailedError, OSError, ValueError, KeyError) as error:
            well, result = False, f"FAILED: {error}"
        print(f"{item if isinstance(item, str) else item.name}: {result}", flush=True)
    return well


def main(step: str, *words: str) -> bool:
    """Run the step that the command line names."""
    if step == "render":
        folder = Path(words[0])
        return each(render, sorted((folder / "services").iterdir()), folder)
    listed, folder, command = addresses(words[0]), Path(words[1]), list(words[2:]) or OPEN
    if step == "fetch":
        return each(fetch, listed, folder, templates(words[0]))
    if step == "open":
        return each(propose, listed, folder, command)
    fetched = main("fetch", *words[:2])
    rendered = main("render", words[1])
    return main("open", *words) and fetched and rendered


if __name__ == "__main__":
    needed = {"all": 2, "fetch": 2, "render": 1, "open": 2}
    if len(sys.argv) < 2 or len(sys.argv) - 2 < needed.get(sys.argv[1], len(sys.argv)):
        sys.exit(__doc__)
    sys.exit(not main(*sys.argv[1:]))
