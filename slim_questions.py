"""How cookiecutter asks this template's questions.

A Jinja extension, named in `_extensions` of cookiecutter.json: the one part of a template that cookiecutter and cruft
load before they ask. Questions, labels, rules and sizes are in cookiecutter.json alone; this module

- takes an answer for what it is, text: cookiecutter would render the Jinja in `key=value`, and run what is in it;
- tells what an image of the language just chosen weighs;
- asks with menus, checks while one types and shows the plan, where there are a terminal and questionary.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
from cookiecutter import prompt
from jinja2.ext import Extension

try:
    import questionary
    from prompt_toolkit.filters import Always
except ImportError:
    questionary = None

STYLE = [("highlighted", "bold"), ("pointer", "bold"), ("bottom-toolbar", "noreverse")]

# Where this module is loaded by another template's run as well, these still are cookiecutter's own.
_render, _choose, _enter = prompt.render_variable, prompt.read_user_choice, prompt.read_user_variable


class Questions(Extension):
    """What the cookiecutter.json says that is being asked about, and the answers so far."""

    asking: Questions | None = None

    def __init__(self, environment) -> None:
        """Let cookiecutter ask through the functions below."""
        super().__init__(environment)
        # cookiecutter and cruft put the template's folder last. This module may be from an earlier one: one process,
        # one import, but `cruft update` renders two versions.
        here = Path(__file__).parent
        self.folder = next((Path(p) for p in reversed(sys.path) if Path(p, "cookiecutter.json").is_file()), here)
        self.said = self.read("cookiecutter.json")
        self.languages = self.read("languages.json")
        self.answers: dict[str, str] = {}
        self.asked = False
        environment.filters.update(refusals=self.refusals, files=self.files)  # for hooks/pre_gen_project.py
        environment.globals.update(languages=self.languages)  # for whatever is rendered
        prompt.render_variable, prompt.read_user_choice, prompt.read_user_variable = render, choose, enter

    def read(self, name: str) -> dict:
        """Return what a JSON file of the template says."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def labels(self, name: str, options: list[str]) -> dict[str, str]:
        """Return the labels of a choice, with the image's size where that follows from it."""
        labels = dict(self.said["__prompts__"][name])
        sizes = self.languages.get(self.answers.get("language"), {}).get("sizes", {})
        for option in sizes.keys() & set(options):
            labels[option] += f" ({sizes[option]} MB)"
        return labels

    def fits(self, name: str, answer: str) -> bool:
        """Say whether the answer keeps the question's rule."""
        rule = self.said["_rules"][name]
        if not re.fullmatch(rule["pattern"], answer):
            return False
        return "minimum" not in rule or rule["minimum"] <= int(answer) <= rule["maximum"]

    def possible(self, name: str, options: list[str]) -> list[str]:
        """Return the options that make sense with the answers so far."""
        only_with = self.said["_only_with"].get(name, {})
        return [
            option
            for option in options
            if all(self.answers[other] in answers for other, answers in only_with.get(option, {}).items())
        ]

    def refusals(self, answers: dict[str, str]) -> list[str]:
        """Return a sentence for each answer that would not make a working service: what is wrong, what would do."""
        refusals = [
            f"{name} is {answers[name]!r}, but it has to be {rule['rule']}. For example: {name}={rule['example']}"
            for name, rule in self.said["_rules"].items()
            if not self.fits(name, answers[name])
        ]
        for name, options in self.said["_only_with"].items():
            for other, possible in options.get(answers[name], {}).items():
                if answers[other] not in possible:
                    choices = " or ".join(f"{other}={choice}" for choice in possible)
                    refusals.append(f"{name}={answers[name]} makes sense only with {choices}.")
        return refusals

    def files(self, answers: dict[str, str]) -> list[str]:
        """Return the paths of the files that the answers lead to."""
        common = self.folder / "{{cookiecutter.project_slug}}"
        alternatives = self.said["_alternatives"]
        roots = [common, *(common / folder / answers[question] for folder, question in alternatives.items())]
        paths = {path.relative_to(root) for root in roots for path in root.rglob("*") if path.is_file()}
        kept = [path for path in paths if path.parts[0] not in (*alternatives, ".existing-files")]
        return sorted(self.environment.from_string(path.as_posix()).render(cookiecutter=answers) for path in kept)

    def ask(self, name: str, question: questionary.Question) -> str:
        """Return the answer to the question."""
        self.asked = True
        return self.settle(name, _answer(question).strip())

    def settle(self, name: str, answer: str) -> str:
        """Show the answer; after the last one show the whole plan, and end here unless it is agreed to."""
        self.answers = {**self.answers, name: answer}
        choice = isinstance(self.said[name], list)
        _show(name.replace("_", " "), self.labels(name, [answer])[answer] if choice else answer)
        if self.asked and name == list(self.said["__prompts__"])[-1]:
            self.show_plan()
            if not _answer(questionary.confirm("Write it?")):
                _leave(1)
        return answer

    def show_plan(self) -> None:
        """Show what the answers lead to."""
        image = self.environment.from_string(self.said["__registry"] + self.said["__image"])
        size = self.languages[self.answers["language"]]["sizes"][self.answers["runtime_base"]]
        files = self.files(self.answers)
        _show("image", f"{image.render(cookiecutter=self.answers)}, {size} MB")
        _show("folder", f"{Path(_command_line('output_dir', '.'), self.answers['project_slug'])}{os.sep}")
        _show("files", f"{len(files)}: " + ", ".join(sorted({re.sub("/.*", "/", name) for name in files})))


def render(env, raw, answers):
    """Render what cookiecutter.json itself says; anything else is an answer, and stays as it is."""
    Questions.asking = questions = env.extensions.get(Questions.identifier)
    if questions:
        questions.answers = answers
        if answers.keys() >= questions.said["__prompts__"].keys() and (refusals := questions.refusals(answers)):
            sys.exit("\n".join(refusals))
        if isinstance(raw, str) and raw not in _strings(questions.said):
            return raw
    return _render(env, raw, answers)


def choose(name: str, options: list[str], prompts: dict | None = None, prefix: str = "") -> str:
    """Ask for one of the options: a menu."""
    questions = Questions.asking
    if not questions:
        return _choose(name, options, prompts, prefix)
    labels = questions.labels(name, options)
    if not _menus():
        return _choose(name, options, {name: labels}, prefix)
    options = questions.possible(name, options)
    if name in _command_line("extra_context", {}) or len(options) == 1:
        return questions.settle(name, options[0])
    choices = [questionary.Choice(_wrapped(labels[option], margin=4, indent=5), option) for option in options]
    return questions.ask(
        name, questionary.select(labels["__prompt__"], choices, style=questionary.Style(STYLE), erase_when_done=True)
    )


def enter(name: str, default: str, prompts: dict | None = None, prefix: str = "") -> str:
    """Ask for a text: a field that says the rule, and checks it with every key."""
    questions = Questions.asking
    if not questions or not _menus():
        return _enter(name, default, prompts, prefix)
    if name in _command_line("extra_context", {}) and questions.fits(name, default):
        return questions.settle(name, default)
    rule = questions.said["_rules"][name]
    field = questionary.text(
        f"{prompts[name]}:",
        default,
        validate=lambda text: questions.fits(name, text.strip()) or f"For example: {rule['example']}",
        bottom_toolbar=lambda: _wrapped(rule["rule"]),
        style=questionary.Style(STYLE),
        erase_when_done=True,
    )
    for window in field.application.layout.find_all_windows():
        window.dont_extend_height = Always()  # the rule stands below the field, not at the end of the terminal
    return questions.ask(name, field)


def _menus() -> bool:
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return bool(questionary and terminal)


def _answer(question: questionary.Question):
    try:
        return question.unsafe_ask()
    except (KeyboardInterrupt, EOFError):
        _leave(130)


def _leave(code: int) -> None:
    print("Nothing was written.", file=sys.stderr)
    sys.exit(code)


def _command_line(option: str, default):
    """Return an option of the `cookiecutter` command; `default` where another program asks."""
    context = click.get_current_context(silent=True)
    return (context.params.get(option) if context else None) or default


def _strings(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        yield from _strings([*value, *value.values()])


def _show(what: str, text: str) -> None:
    print(_wrapped(text or "none", first=f"  {what:<15}", indent=17))


def _wrapped(text: str, first: str = "", indent: int = 0, margin: int = 0) -> str:
    width = shutil.get_terminal_size().columns - 1 - margin
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False)
