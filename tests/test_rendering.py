"""What comes out of the template, before any engine is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from support.answers import DEFAULTS, arguments, cookiecutter
from support.files import PARSERS
from support.services import BASES, QUESTIONS, RECORDS, ROOT, expected_files
from support.template import snapshot

LOCK_FILES = {name for record in RECORDS.values() for name in record["lock_files"]}
# What renders the template again speaks the template's language, whatever the service's is.
RENDERING = {".github/cruft.txt", ".github/workflows/weekly.yaml"}


def texts(service):
    """Give each file's name and text."""
    for name in sorted(service.files()):
        yield name, service.read(name)


def test_exactly_the_expected_files_come_out(service):
    assert service.files() == expected_files(language=service.language)


def test_no_template_syntax_is_left(service):
    # `${{ }}` is an expression of GitHub's, `{{.` one of docker's, `{{{` and `{{#` are Renovate's.
    left = {
        name
        for name, text in texts(service)
        if re.search(r"(?<![${])\{\{(?![.{#/])|\{%|(?<!\{)\{#|cookiecutter\.", text)
    }
    assert not left


def test_no_trace_of_another_language(service):
    others = "|".join(record["words"] for language, record in RECORDS.items() if language != service.language)
    traces = [
        f"{name}: {line.strip()}"
        for name, text in texts(service)
        if name not in LOCK_FILES | RENDERING
        for line in text.splitlines()
        if re.search(others, line, re.IGNORECASE)
    ]
    assert not traces


def test_no_trace_of_another_base(service):
    # An image or a path may be named after a base that was not chosen; a stage that holds nothing but files has none.
    images = re.compile(r"\S+[:/]\S+|^FROM (?:--platform=\S+ )?scratch AS (?!base$)[\w-]+$")
    others = {base for base in BASES if base != service.base}
    if service.base == "scratch":
        others.discard("distroless")  # scratch takes its few files from there
    traces = [
        f"{name}: {line.strip()}"
        for name, text in texts(service)
        if name not in LOCK_FILES
        for line in text.splitlines()
        if any(base in images.sub("", line) for base in others)
    ]
    assert not traces


def test_every_file_parses(service):
    for name, text in texts(service):
        parse = PARSERS.get("." + name.rpartition(".")[2])
        if parse:
            parse(text)


def test_text_is_tidy(service):
    for name, text in texts(service):
        raw = (service.path / name).read_bytes()
        assert b"\r" not in raw, name
        assert text.endswith("\n"), f"{name}: no line feed at the end"
        assert not text.endswith("\n\n"), f"{name}: a blank line at the end"
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), f"{name}: trailing blanks"
        assert "\n\n\n" not in text or name.endswith(".py"), f"{name}: two blank lines where a branch was cut out"


def test_lock_files_name_no_registry(service):
    for name in LOCK_FILES & service.files():
        assert not re.search(r"https?://(registry|files|pypi|repo)\S+", service.read(name)), name


def test_scripts_are_executable_where_they_are_run(service):
    for name, text in texts(service):
        mode = (service.path / name).stat().st_mode
        assert bool(mode & 0o111) == text.startswith("#!"), f"{name}: mode {mode:o}"


def test_git_sees_every_file(service, tmp_path):
    """The .gitignore hides nothing that came out of the template."""
    git = ["git", f"--git-dir={tmp_path / 'git'}", f"--work-tree={service.path}"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    ignored = subprocess.run(
        [*git, "ls-files", "--others", "--ignored", "--exclude-standard"],
        capture_output=True,
        text=True,
        cwd=service.path,
    )
    assert not ignored.stdout


def test_what_was_not_chosen_is_not_rendered(tmp_path):
    template = snapshot(tmp_path / "template")
    for folder in QUESTIONS["_alternatives"]:
        for other in (template / "{{cookiecutter.project_slug}}" / folder).iterdir():
            if other.name not in DEFAULTS.values():
                (other / "README.md").write_text("{{ there.is.no.such.thing }}")
    code, output = cookiecutter(*arguments(tmp_path / "out", template=template))
    assert code == 0, output


def test_without_a_terminal_no_menu_is_imported(tmp_path):
    """It would take as long as making the service."""
    program = (
        "import sys; from cookiecutter.main import cookiecutter as make\n"
        "make(sys.argv[1], no_input=True, default_config=True, output_dir=sys.argv[2])\n"
        "sys.exit(' '.join({'questionary', 'prompt_toolkit'} & sys.modules.keys()))\n"
    )
    command = [sys.executable, "-c", program, ROOT, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)})
    assert done.stderr == "\n"
