"""A service takes over what is new in the template, and keeps what its developers changed."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from support.files import contents
from support.linked import create, cruft, follow, run_cruft
from support.services import BASES, LANGUAGES, QUESTIONS, ROOT, VARIANTS, Service
from support.template import ASIDE, commit, git, snapshot

PROJECT = "{{cookiecutter.project_slug}}"
MANIFEST = {"go": "go.mod", "node": "package.json", "python": "pyproject.toml", "java": "pom.xml"}
# After which line of the manifest a dependency is added, and how.
DEPENDENCY = {
    "go": ("go 1.27", "\nrequire example.com/mine v1.0.0\n"),
    "node": ('"dependencies": {', '    "mine": "1.0.0",'),
    "python": ("dependencies = [", '    "mine==1.0.0",'),
    "java": ("<dependencies>", "    <!-- mine 1.0.0 -->"),
}


def replace(file: Path, old: str, new: str) -> None:
    """Replace `old`, which has to be there, in a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file}: no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="session")
def history(tmp_path_factory) -> Path:
    """A template with the tag `previous`, which differs in all kinds of ways from its HEAD, today's template."""
    template = snapshot(tmp_path_factory.mktemp("history") / "slim-templates")
    today = git(template, "rev-parse", "HEAD")

    replace(template / "templates" / "README.md", "## Run\n", "## How to run it\n")  # a section was renamed
    (template / PROJECT / "docker" / "limits.env").unlink()  # a file was added
    (template / PROJECT / "NOTES.md").write_text("{{ cookiecutter.project_name }}\n")  # a file was dropped
    for language in LANGUAGES:
        dockerfile = template / PROJECT / "languages" / language / "Dockerfile"
        replace(dockerfile, "# check=error=true\n", "# check=error=true\n# An old remark.\n")
    readme = template / "templates" / "README.md"
    readme.write_text(readme.read_text().replace("cookiecutter.updates", "'renovate'"))
    questions = json.loads((template / "cookiecutter.json").read_text())
    del questions["updates"], questions["__prompts__"]["updates"]  # a question was added
    questions["_alternatives"].pop("updates")
    questions["_only_with"].pop("updates")
    shutil.rmtree(template / PROJECT / "updates")
    questions["_rules"]["port"]["minimum"] = 8000  # a rule was loosened
    questions["__license"] = "LicenseRef-Old"  # a private value was changed
    (template / "cookiecutter.json").write_text(json.dumps(questions, indent=2))
    for name in ("slim_answers.py", "hooks/pre_gen_project.py", "hooks/post_gen_project.py"):
        file = (
            template / name
        )  # the extension was changed, and its hooks with it: either needs the other of its version
        file.write_text(re.sub(r"\bplan\b", "old_plan", file.read_text()))
    commit(template, "The template as it was")
    git(template, "tag", "previous")

    git(template, "checkout", "--quiet", today, "--", ".")
    (template / PROJECT / "NOTES.md").unlink()
    commit(template, "The template as it is")
    return template


def develop(service: Path, language: str) -> dict[Path, str]:
    """Do what a developer does in the first week; return what has to be there afterwards, by file."""
    shutil.copytree(VARIANTS / language / "probe" / "overlay", service, dirs_exist_ok=True)  # new endpoints
    overlay = [path for path in (VARIANTS / language / "probe" / "overlay").rglob("*") if path.is_file()]
    kept = {path.relative_to(VARIANTS / language / "probe" / "overlay"): path.read_text() for path in overlay}
    replace(service / "Dockerfile", "ENV PORT=8080", "ENV PORT=8181")  # another port
    kept[Path("Dockerfile")] = "ENV PORT=8181"
    old, new = DEPENDENCY[language]
    replace(service / MANIFEST[language], old, f"{old}\n{new}")
    kept[Path(MANIFEST[language])] = new
    (service / "OWN.md").write_text("A file of our own.\n")
    kept[Path("OWN.md")] = "A file of our own.\n"
    commit(service, "The first week")
    return kept


# One worker has all tests of one service, so that it is made once.
WORKERS = [pytest.param(language, marks=pytest.mark.xdist_group(f"updated-{language}")) for language in LANGUAGES]


@pytest.fixture(scope="session", params=WORKERS)
def updated(request, history, tmp_path_factory) -> tuple[Path, str, dict[Path, str]]:
    """A service of the previous template, developed and then updated; its language; what its developers changed."""
    service = create(history, tmp_path_factory.mktemp("updated") / "work", "previous", language=request.param)
    kept = develop(service, request.param)
    cruft("update", "--skip-apply-ask", cwd=service)
    return service, request.param, kept


def test_an_update_is_taken_over_without_conflict(updated):
    service, _, _ = updated
    assert not list(service.rglob("*.rej"))
    assert not git(service, "diff", "--name-only", "--diff-filter=U")
    for path in service.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            assert "<<<<<<<" not in path.read_text(encoding="utf-8"), path
    readme = (service / "README.md").read_text()
    assert "## Run\n" in readme
    assert "How to run it" not in readme
    assert "An old remark" not in (service / "Dockerfile").read_text()
    assert (service / "docker" / "limits.env").exists()
    assert (service / "renovate.json").exists()
    assert not (service / "NOTES.md").exists()


def test_an_update_keeps_what_was_changed(updated):
    service, _, kept = updated
    for name, text in kept.items():
        assert text in (service / name).read_text()


def test_an_update_brings_private_values_up_to_date(updated):
    service, _, _ = updated
    context = json.loads((service / ".cruft.json").read_text())["context"]["cookiecutter"]
    for name in ("_rules", "_alternatives", "__license"):
        assert context[name] == QUESTIONS[name]
    assert QUESTIONS["__license"] in (service / "Dockerfile").read_text()


def test_check_and_diff_tell_the_truth(history, updated):
    service, _, kept = updated
    cruft("check", cwd=service)
    shown = cruft("diff", cwd=service)
    different = re.findall(r"^diff --git \S+ upstream-template-new/(\S+)$", shown, re.MULTILINE)
    assert set(different) == {name.as_posix() for name in kept if name != Path("OWN.md")}


def test_check_tells_that_there_is_something_new(history, tmp_path):
    service = create(history, tmp_path / "work", "previous")
    assert run_cruft("check", cwd=service)[0] == 1


# The last version whose programs were in docker/ beside the team's files, and whose extension had another name.
BEFORE = "54071d4c1d3c2fbd3b7ccdc434829d53c33d6d3e"


@pytest.fixture(scope="session")
def old_and_new(tmp_path_factory) -> Path:
    """The template as it was then, tagged `before`, and as it stands: two commits are cloned sooner than all."""
    if subprocess.run(["git", "-C", ROOT, "cat-file", "-e", BEFORE], capture_output=True).returncode:
        pytest.skip(f"this clone is shallow: it has no commit {BEFORE}")
    folder = tmp_path_factory.mktemp("history") / "template"
    command = ["git", "-C", ROOT, "archive", BEFORE, ".", *(f":!{name}" for name in ASIDE)]
    archive = subprocess.run(command, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "The template as it was")
    git(folder, "tag", "before")
    git(folder, "rm", "-r", "--quiet", ".")
    return snapshot(folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_service_of_the_old_layout_gets_the_new_one(old_and_new, bake, tmp_path, language):
    """Its files move, and what its developers changed stays."""
    service = create(old_and_new, tmp_path / "work", "before", language=language)
    (service / "OWN.md").write_text("A file of our own.\n")
    replace(service / "compose.yaml", "8080", "8181")
    commit(service, "The first week")
    cruft("update", "--skip-apply-ask", cwd=service)
    assert not list(service.rglob("*.rej"))
    assert not git(service, "diff", "--name-only", "--diff-filter=U")
    made = {path: text for path, text in contents(service).items() if path.parts[0] not in (".git", ".cruft.json")}
    assert made.pop(Path("OWN.md"))
    assert b"8181" in made.pop(Path("compose.yaml"))
    fresh = contents(bake(language=language).path)
    fresh.pop(Path("compose.yaml"))
    assert made == fresh


def test_an_answer_can_be_changed(history, bake, tmp_path):
    service = create(history, tmp_path / "work", "main")
    before = contents(service)
    cruft("update", "--skip-apply-ask", "--variables-to-update", '{"port": "9000"}', cwd=service)
    after = {path: text for path, text in contents(service).items() if path.parts[0] not in (".git", ".cruft.json")}
    assert after == contents(bake(port="9000").path)
    assert after != before


def test_a_bad_answer_is_a_sentence_under_cruft_as_well(history, tmp_path):
    service = create(history, tmp_path / "work", "main")
    before = contents(service)
    for given, said in {
        '{"prot": "9000"}': "There is no question 'prot'. Did you mean port? ",
        '{"language": "gopher"}': "language is 'gopher', but it has to be go, ",
    }.items():
        for command in (
            ["update", "--skip-apply-ask", f"--variables-to-update={given}"],
            ["create", history, "--no-input", f"--extra-context={given}", f"--output-dir={tmp_path / 'out'}"],
        ):
            code, output = run_cruft(*command, cwd=service)
            assert code == 1
            assert output.startswith(said)
            assert output.count("\n") == 1
    # Beside the command's own process: the sentence is on stderr.
    done = subprocess.run(["cruft", *map(str, command)], cwd=service, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", output)
    assert contents(service) == before
    assert not (tmp_path / "out").exists()


def test_a_service_made_by_cookiecutter_can_be_linked(template, bake, tmp_path):
    made = shutil.copytree(bake(port="9001").path, tmp_path / "hello-service")
    cruft("link", template, "--no-input", '--extra-context={"port": "9001"}', cwd=made)
    cruft("check", cwd=made)
    assert not cruft("diff", cwd=made)


@pytest.mark.parametrize(("language", "base"), list(zip(LANGUAGES, itertools.cycle(BASES))))
def test_cruft_and_cookiecutter_make_the_same(template, bake, tmp_path, language, base):
    """Byte for byte, but for .cruft.json."""
    answers = {"language": language, "runtime_base": base}
    cruft("create", template, "--no-input", f"--extra-context={json.dumps(answers)}", cwd=tmp_path)
    made = contents(tmp_path / "hello-service")
    assert made.pop(Path(".cruft.json"))
    assert made == contents(bake(**answers).path)


# What the weekly workflow's jobs call: GitHub's client notes what it is asked for, and the packages are here already.
PROGRAMS = {
    "gh": '#!/bin/sh\necho "$@" >>"$LOG"\n',
    "python3": '#!/bin/sh\nmkdir -p "$3/bin"\nln -sf /bin/true "$3/bin/pip"\n',
    "jq": f"""#!{sys.executable}\nimport json\nprint(json.load(open(".cruft.json"))["template"])\n""",
}


def test_the_weekly_workflow_pushes_the_update(history, tmp_path):
    """Its jobs are run as they stand, each in a checkout of its own; one hands a file to the next."""
    service = create(history, tmp_path / "work", "previous")
    follow(service, template=history.as_uri())
    commit(service, "The template has an address, not a folder")
    git(tmp_path, "clone", "--quiet", "--bare", str(service), "origin.git")
    jobs = yaml.safe_load((service / ".github" / "workflows" / "weekly.yaml").read_text())["jobs"]
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    scripts = {name: [step["run"] for step in jobs[name]["steps"] if "run" in step] for name in jobs}

    def run(job: str) -> Path:
        """Run the job's one script in a fresh checkout."""
        folder = tmp_path / job
        shutil.rmtree(folder, ignore_errors=True)
        git(tmp_path, "clone", "--quiet", "origin.git", job)
        env = {
            **{name: value for name, value in os.environ.items() if not name.endswith("TOKEN")},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder / ".git"),
            "RUNNER_TEMP": str(tmp_path),
            "LOG": str(tmp_path / "gh.log"),
            "GITHUB_OUTPUT": str(tmp_path / f"{job}.output"),
            "GH_TOKEN": "" if job == "render" else "secret",
        }
        (script,) = scripts[job]
        done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return folder

    fetched = run("fetch")
    shutil.copy(fetched / "template.tar", tmp_path)
    away = history.rename(history.with_name("away"))  # what renders has no token that could reach it
    try:
        run("render")
    finally:
        away.rename(history)
    assert (tmp_path / "render.output").read_text() == "new=yes\n"
    run("propose")
    pushed = git(tmp_path / "origin.git", "show", "template:README.md")
    assert "How to run it" not in pushed
    assert (tmp_path / "gh.log").read_text().count("pr create --head template --fill") == 1

    # Once the update is there, there is nothing to do.
    git(tmp_path / "origin.git", "branch", "--force", "main", "template")
    (tmp_path / "render.output").unlink()
    run("render")
    assert not (tmp_path / "render.output").exists()


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_updated_service_still_builds(history, ca_bundle, tmp_path, language):
    folder = create(history, tmp_path / "work", "previous", language=language)
    shutil.copytree(VARIANTS / language / "probe" / "overlay", folder, dirs_exist_ok=True)
    replace(folder / "Dockerfile", "ENV PORT=8080", "ENV PORT=8181")
    commit(folder, "The first week")
    cruft("update", "--skip-apply-ask", cwd=folder)
    service = Service(folder, language, QUESTIONS["runtime_base"][0], "updated")
    service.build(ca=ca_bundle)
    assert service.port == 8181
