"""How cookiecutter gets this template's answers: asked, checked, and kept apart from what is the template's own.

A Jinja extension, named in `_extensions` of cookiecutter.json: the one part of a template that cookiecutter and cruft
load before they ask. Questions, labels and rules are in cookiecutter.json alone. This module

- refuses an answer that is wrong, or to no question, in one sentence, before anything is written;
- takes every private value from the template, whoever says otherwise: a command line, a replay, a portal;
- renders nothing but the template's files, and of those only what was chosen, in a folder that hooks/ empties;
- asks with menus, checks while one types and shows the plan, where there are a terminal and questionary.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

import jinja2
from cookiecutter import prompt
from jinja2.ext import Extension

FILE = Path(__file__).resolve()
SOURCE = FILE.read_bytes()
TEMPLATE = FILE.parent
VERSIONS: dict[tuple[Path, bytes], dict] = {}
PROJECT = "{{cookiecutter.project_slug}}"
# The one answer that follows from another. Nothing else in cookiecutter.json is an expression, and nothing is rendered.
SLUG = "{{ cookiecutter.project_name | slugify(max_length=63) }}"
# What cookiecutter and cruft write among the answers themselves.
NOTES = {"_template", "_output_dir", "_repo_dir", "_checkout", "_commit"}
# How templates are read. A replay could say otherwise, with `_jinja2_env_vars`.
READER = jinja2.Environment(keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 (no HTML)
SYNTAX = [
    *("block_start_string", "block_end_string", "variable_start_string", "variable_end_string"),
    *("comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks"),
    *("lstrip_blocks", "newline_sequence", "keep_trailing_newline", "finalize", "autoescape", "is_async"),
]
STYLE = [("highlighted", "bold"), ("pointer", "bold"), ("bottom-toolbar", "noreverse")]
BACK = object()
NO_ANSWERS = (
    "There is neither a terminal nor another line of answers. Add --no-input, and the answers that differ from the "
    "defaults, for example language=node."
)
NO_HOOKS = (
    "The hooks of this template put a service together, and they are switched off. Switch them on: --accept-hooks yes"
)

# Where another template's run loads this module as well, these still are cookiecutter's own.
_render, _choose, _enter = prompt.render_variable, prompt.read_user_choice, prompt.read_user_variable


class Answers(Extension):
    """The answers to the questions in cookiecutter.json."""

    asking: Answers | None = None
    writing: Answers | None = None
    git = False  # whether a repository was asked for, with the plan

    def __new__(cls, environment) -> Answers:
        """Return that of the version that is rendered: `cruft update` renders two, Python imports a module once."""
        # cookiecutter and cruft put the template's folder last.
        files = (Path(path, FILE.name).resolve() for path in reversed(sys.path) if Path(path, FILE.name).is_file())
        file = next(files, FILE)
        source = file.read_bytes()
        if (file, source) == (FILE, SOURCE):
            return super().__new__(cls)
        if (file, source) not in VERSIONS:
            VERSIONS[file, source] = module = {"__name__": FILE.stem, "__file__": str(file)}
            exec(compile(source, file, "exec"), module)  # noqa: S102 (as an import would)
        return VERSIONS[file, source]["Answers"](environment)

    def __init__(self, environment) -> None:
        """Read the template, refuse what is known to be wrong, and let cookiecutter use the functions below."""
        super().__init__(environment)
        if _locals("cookiecutter.hooks", "run_script_with_context"):
            # A filter, because a replay cannot name one: it could say what a variable is.
            environment.filters["plan"] = lambda _: Answers.writing.plan
            return
        self.said = self.read("cookiecutter.json")
        self.languages = self.read("languages.json")
        self.questions = [name for name in self.said if not name.startswith("_")]
        self.answers: dict = {}
        self.agreed: dict[str, str] = {}
        for name in SYNTAX:
            setattr(environment, name, getattr(READER, name))
        environment.globals["languages"] = self.languages
        environment.slim_answers = self
        prompt.render_variable, prompt.read_user_variable = render, enter

        self.called = _called()
        if writing := _locals("cookiecutter.generate", "generate_files"):
            Answers.writing = self
            self.vet(writing)
            environment.from_string, environment.get_template = self.name, self.template
        elif asking := _locals("cookiecutter.prompt", "prompt_for_config"):
            self.vet_beforehand(asking["context"]["cookiecutter"], asking["no_input"])

    def read(self, name: str) -> dict:
        """Return what a JSON file of the template says."""
        return json.loads((TEMPLATE / name).read_text(encoding="utf-8"))

    # What is refused

    def options(self, name: str) -> list[str]:
        """Return the options of a question, which are what has a label; none for a text."""
        labels = self.said["__prompts__"][name]
        return [] if isinstance(labels, str) else [option for option in labels if option != "__prompt__"]

    def fits(self, name: str, answer: object) -> bool:
        """Say whether the answer keeps the question's rule."""
        if not isinstance(answer, str) or self.options(name):
            return answer in self.options(name)
        rule = self.said["_rules"][name]
        if not re.fullmatch(rule["pattern"], answer):
            return False
        return "minimum" not in rule or rule["minimum"] <= int(answer) <= rule["maximum"]

    def refusal(self, name: str, answer: object) -> str:
        """Return what is wrong with an answer and what is valid, in a sentence; nothing for a good one."""
        if self.fits(name, answer):
            return ""
        if options := self.options(name):
            return f"{name} is {_quoted(answer)}, but it has to be {_either(options)}.{_nearest(answer, options)}"
        rule = self.said["_rules"][name]
        return f"{name} is {_quoted(answer)}, but it has to be {rule['rule']}. For example: {name}={rule['example']}"

    def refusals(self, answers: dict) -> list[str]:
        """Return a sentence for each answer that would not make a working service."""
        refusals = [self.refusal(name, answers.get(name)) for name in self.questions]
        for name, only_with in self.said["_only_with"].items():
            for other, fit in only_with.get(str(answers.get(name)), {}).items():
                if answers.get(other) not in fit:
                    choices = " or ".join(f"{other}={choice}" for choice in fit)
                    refusals.append(f"{name}={answers[name]} makes sense only with {choices}.")
        return [sentence for sentence in refusals if sentence]

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each name that is not a question's."""
        return [
            f"There is no question {_quoted(name)}.{_nearest(name, self.questions)} "
            f"The questions are {', '.join(self.questions)}."
            for name in names
            if name not in self.questions
        ]

    def in_the_way(self, folder: Path, overwrite: bool) -> list[str]:
        """Return a sentence for each thing that exists where the service or one of its files has to be."""
        if folder.is_symlink():
            return [f"{folder} is a symbolic link, and nothing is written through one. Choose another project_slug."]
        if not os.path.lexists(folder):
            return []
        if not overwrite:
            return [
                f"{folder} already exists. Choose another project_slug, or add -f to overwrite the template's files "
                "in it, or -f -s to add what is missing and keep what is there."
            ]
        found = set() if folder.is_dir() else {folder}
        for name in self.files(self.answers) if self.answers.keys() >= set(self.questions) and not found else []:
            path, *parents = folder / name, *list((folder / name).parents)[: name.count("/")]
            found.update([path] if path.is_symlink() or (os.path.lexists(path) and not path.is_file()) else [])
            found.update(p for p in parents if p.is_symlink() or (os.path.lexists(p) and not p.is_dir()))
        return [f"{path} is in the template's way. Rename it." for path in sorted(found)]

    def taken(self, slug: object) -> list[str]:
        """Return why the service's folder cannot be written to, as far as is known where that is."""
        if "output_dir" not in self.called or not self.fits("project_slug", slug):
            return []
        folder = Path(os.path.abspath(self.called["output_dir"]), slug)  # noqa: PTH100 (links are to be seen)
        return self.in_the_way(folder, self.called["overwrite_if_exists"])

    def replayed(self) -> dict:
        """Return the public answers of a replay; there, cookiecutter asks for nothing but what is missing."""
        answers = self.called.get("context_from_replayfile", {}).get("cookiecutter", {})
        if not isinstance(answers, dict):
            _refuse(["The replay file holds no answers: `cookiecutter` in it has to be an object."])
        return {name: _text(answer) for name, answer in answers.items() if not name.startswith("_")}

    def vet_beforehand(self, values: dict, no_input: bool) -> None:
        """Refuse what can be told before the first question; `values` are what cookiecutter starts from."""
        Answers.git = False
        extra = self.called.get("extra_context") or {}
        replayed = self.replayed()
        refusals = self.unknown([*extra, *replayed])
        refusals += filter(None, (self.refusal(name, replayed[name]) for name in self.questions if name in replayed))
        if self.called.get("accept_hooks") is False:
            refusals = [NO_HOOKS]
        for name in values:
            if name.startswith("_"):
                values[name] = self.said[name]
            elif no_input or name in extra or values[name] == self.said[name]:
                values[name] = _text(values[name])
            elif not self.fits(name, values[name]):
                values[name] = self.said[name]  # a default of the user's that was meant for another template
        answers = {name: values[name] for name in self.questions if name in values}
        if no_input:
            if answers["project_slug"] == SLUG:
                answers["project_slug"] = self.slug(answers["project_name"])
            refusals = refusals or self.refusals(answers)
            self.answers = answers
        else:  # a text is asked for again
            again = [name for name, answer in answers.items() if isinstance(answer, str) and not self.options(name)]
            refusals += filter(None, (self.refusal(name, answers[name]) for name in answers.keys() - {*again}))
        _refuse(refusals or self.taken(answers.get("project_slug")))

    def vet(self, writing: dict) -> None:
        """Refuse what is not to be written; leave nothing in cookiecutter's context but answers and our own values."""
        context = writing["context"]
        values = context["cookiecutter"]
        self.answers = {name: _text(value) for name, value in values.items() if not name.startswith("_")}
        _refuse([] if writing["accept_hooks"] else [NO_HOOKS])
        _refuse(self.unknown(self.answers) or self.refusals(self.answers))
        self.folder = Path(os.path.abspath(writing["output_dir"]), self.answers["project_slug"])  # noqa: PTH100
        _refuse(self.in_the_way(self.folder, writing["overwrite_if_exists"]))

        own = {name: value for name, value in self.said.items() if name.startswith("_")}
        host = self.said["_hosts"][self.answers["ci"]]
        image = f"{self.answers['owner']}/{self.answers['project_slug']}"
        own |= {"__image": image, "__registry": host["registry"], "__source": host["source"] + image}
        self.image = host["registry"] + image
        notes = {name: values[name] for name in NOTES & values.keys()}
        context.clear()
        values.clear()
        values.update({**self.answers, **own, **notes})
        context["cookiecutter"] = values
        self.plan = {
            "new": f".new-{os.urandom(16).hex()}",
            "chosen": [[folder, self.answers[question]] for folder, question in self.said["_alternatives"].items()],
            "keep": writing["skip_if_file_exists"],
            "git": Answers.git,
            "next": not _locals(
                "cruft._commands.utils.generate", "_generate_output"
            ),  # cruft compares: nobody goes there
            "slug": self.answers["project_slug"],
            "port": self.answers["port"],
            "routes": self.languages[self.answers["language"]]["routes"],
        }

    # What is written

    def name(self, source: str, *_: object) -> Name:
        """Return where a file or folder of the template goes; cookiecutter has its name rendered to know.

        All goes into a new folder, from which hooks/post_gen_project.py moves it into place. What was not chosen has
        no name: cookiecutter takes that for a conditional file that is not wanted, and does not render it.
        """
        if source == PROJECT:
            return Name(self.answers["project_slug"])
        inside = f"{self.folder}{os.sep}.{os.sep}"
        if source.startswith(inside):  # a folder
            return Name(self.folder / self.plan["new"] / source.removeprefix(inside))
        top, choice = (*Path(source).parts, "")[:2]
        if top in self.said["_alternatives"] and [top, choice] not in self.plan["chosen"]:
            return Name()
        return Name(Path(self.plan["new"], source))

    def template(self, name: str, *parent: object) -> Name | jinja2.Template:
        """Return a file as cookiecutter renders it; one of the service's without an expression is not compiled."""
        text = "" if parent else Path(name).read_text(encoding="utf-8")
        if parent or any(mark in text for mark in ("{{", "{%", "{#")):
            return type(self.environment).get_template(self.environment, name, *parent)
        return Name(text)

    def files(self, answers: dict[str, str]) -> list[str]:
        """Return the paths of the files that the answers lead to."""
        alternatives = self.said["_alternatives"]
        roots = [TEMPLATE / PROJECT, *(TEMPLATE / PROJECT / top / answers[name] for top, name in alternatives.items())]
        paths = {path.relative_to(root) for root in roots for path in root.rglob("*") if path.is_file()}
        return sorted(path.as_posix() for path in paths if path.parts[0] not in alternatives)

    def slug(self, name: object) -> str:
        """Return the short name that follows from a project's name."""
        return self.environment.filters["slugify"](str(name), max_length=63)

    # What is asked

    def labels(self, name: str) -> dict[str, str]:
        """Return the labels of a choice, with the image's size where that follows from it."""
        labels = dict(self.said["__prompts__"][name])
        sizes = self.languages.get(self.answers.get("language"), {}).get("sizes", {})
        for option in sizes.keys() & set(self.options(name)):
            labels[option] += f" ({sizes[option]} MB)"
        return labels

    def possible(self, name: str) -> list[str]:
        """Return the options that make sense with the answers so far."""
        only_with = self.said["_only_with"].get(name, {})
        return [
            option
            for option in self.options(name)
            if all(self.answers.get(other) in (None, *fit) for other, fit in only_with.get(option, {}).items())
        ]

    def dialogue(self, defaults: dict[str, str]) -> dict[str, str]:
        """Ask all questions with menus and return the answers when the plan is agreed to."""
        self.answers = self.replayed()
        names, waiting, asked = list(defaults), list(defaults), []
        given, changing = self.called.get("extra_context") or {}, False
        while True:
            while waiting:
                name, *waiting = waiting
                options = self.possible(name)
                default = self.answers.get(name, defaults[name])
                if default == SLUG:
                    default = self.slug(self.answers["project_name"])
                if len(options) == 1:
                    answer = options[0]
                elif name in given and self.fits(name, default):
                    answer = default
                else:
                    answer = self.ask(name, default, options, back=bool(asked))
                    if answer is BACK:
                        waiting = names[names.index(asked.pop()) :] if not changing else []
                        continue
                    asked.append(name)
                if name == "project_name" and self.answers.get("project_slug") == self.slug(self.answers.get(name)):
                    self.answers["project_slug"] = self.slug(answer)
                self.answers[name] = answer
                _show(name.replace("_", " "), self.labels(name)[answer] if options else answer)
            if not asked:
                return self.answers
            given, changing = {}, True
            # What a change has made impossible.
            waiting = [name for name in names if self.options(name) and self.answers[name] not in self.possible(name)]
            if not self.called.get("overwrite_if_exists") and self.taken(self.answers["project_slug"]):
                waiting.append("project_slug")
            if waiting:
                continue
            self.show_plan()
            wish = self.agree()
            if wish == "no":
                _leave(1)
            elif wish in ("yes", "git"):
                Answers.git = wish == "git"
                return self.answers
            waiting = [wish] if wish in names else []

    def ask(self, name: str, default: str, options: list[str], back: bool) -> object:
        """Ask a question with a menu, or a field that says the rule and checks it with every key; BACK for Esc."""
        import questionary

        keys = {"escape": BACK} if back else {}
        if options:
            labels = self.labels(name)
            return _menu(labels["__prompt__"], {option: labels[option] for option in options}, default, keys)
        rule = self.said["_rules"][name]
        label = self.said["__prompts__"][name]
        if len(f"? {label}: {default}") >= shutil.get_terminal_size().columns - 1:
            label = _wrapped(label, margin=3) + ":\n "  # the answer has a line of its own
        else:
            label += ":"

        def wrong(text: str) -> str:
            if name == "project_slug" and self.taken(text):
                return "Choose another name."  # the toolbar says why
            return "" if self.fits(name, text) else f"Not valid. For example: {rule['example']}"

        def toolbar() -> str:
            taken = name == "project_slug" and self.taken(field.application.current_buffer.text.strip())
            return _wrapped(taken[0] if taken else rule["rule"] + (" - Esc goes back" if back else ""))

        field = questionary.text(
            label,
            default,
            validate=lambda text: _wrapped(wrong(text.strip())) or True,
            bottom_toolbar=toolbar,
            style=questionary.Style(STYLE),
            erase_when_done=True,
        )
        answer = _answer(field, keys)
        return answer.strip() if isinstance(answer, str) else answer

    def agree(self) -> str:
        """Ask whether the plan is to be written: "yes", "git", "no", or the name of a question to be asked again."""
        wishes = {"yes": "Yes", "git": "Yes, and make it a git repository with a first commit"}
        if self.called.get("replay") is None or _in_repository(self.called.get("output_dir", ".")):
            del wishes["git"]  # cruft adds a file afterwards
        wish = _menu(
            "Write it?",
            {**wishes, "change": "No, change an answer", "no": "No, write nothing"},
            "yes",
            {"y": "yes", "n": "no"},
        )
        if wish != "change":
            return wish
        labels = {name: f"{name.replace('_', ' ')}: {answer or 'none'}" for name, answer in self.answers.items()}
        return _menu("Which one?", labels, next(iter(labels)), {"escape": "again"})

    def show_plan(self) -> None:
        """Show what the answers lead to."""
        answers = self.answers
        image = f"{self.said['_hosts'][answers['ci']]['registry']}{answers['owner']}/{answers['project_slug']}"
        files = self.files(answers)
        _show("image", f"{image}, {self.languages[answers['language']]['sizes'][answers['runtime_base']]} MB")
        _show("folder", f"{Path(self.called.get('output_dir', '.'), answers['project_slug'])}{os.sep}")
        _show("files", f"{len(files)}: " + ", ".join(sorted({re.sub("/.*", "/", name) for name in files})))


class Name(str):
    """A name as it stands, where cookiecutter expects an expression."""

    __slots__ = ()

    def render(self, **_: object) -> str:
        """Return the name."""
        return str(self)


def render(env, raw, answers):
    """Return what cookiecutter.json says as it stands: an answer is text, whatever is in it."""
    Answers.asking = mine = getattr(env, "slim_answers", None)
    if not mine:
        return _render(env, raw, answers)
    mine.answers = answers
    return mine.slug({**mine.replayed(), **answers}["project_name"]) if raw == SLUG else raw


def enter(name: str, default: str, prompts: dict | None = None, prefix: str = "") -> str:
    """Ask for an answer: with menus for all questions at once, or as cookiecutter does."""
    mine = Answers.asking
    if not mine:
        return _enter(name, default, prompts, prefix)
    if _menus():
        if not mine.agreed:
            values = _locals("cookiecutter.prompt", "prompt_for_config")["context"]["cookiecutter"]
            mine.agreed = mine.dialogue({name: values[name] for name in mine.questions if name in values})
        return mine.agreed[name]
    try:
        if options := mine.options(name):
            first = [default, *(option for option in options if option != default)]
            answer = _choose(name, first, {name: mine.labels(name)}, prefix)
        else:
            answer = _enter(name, default, prompts, prefix)
    except EOFError:
        if sys.stdin.isatty():
            raise
        sys.exit(f"\n{NO_ANSWERS}")
    if name == "project_slug":
        _refuse(mine.taken(answer))
    if name == mine.questions[-1] and mine.answers.keys() >= set(mine.questions[:-1]):
        _refuse(mine.refusals({**mine.answers, name: answer}))
    return answer


def _locals(module: str, function: str) -> dict:
    """Return the variables of a function that is being run, or nothing.

    cookiecutter tells a template neither its options nor what it was given beside the answers.
    """
    frame = sys._getframe()
    while frame:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == module:
            return frame.f_locals
        frame = frame.f_back
    return {}


def _called() -> dict:
    """Return what cookiecutter or cruft was called with."""
    update = _locals("cruft._commands.update", "update")
    if update and _locals("cruft._commands.utils.generate", "_generate_output").get("commit") == update["last_commit"]:
        return {"extra_context": update["extra_context"]}
    return _locals("cookiecutter.main", "cookiecutter") or _locals("cruft._commands.create", "create")


def _text(value: object) -> object:
    """Return a number as the text that it is meant for (`port: 8080`), anything else as it is."""
    return str(value) if type(value) is int else value


def _quoted(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=repr)
    return text if len(text) <= 500 else f"{text[:200]}... ({len(text)} characters)"


def _either(options: list[str]) -> str:
    return f"{', '.join(options[:-1])} or {options[-1]}" if len(options) > 1 else options[0]


def _nearest(answer: object, options: list[str]) -> str:
    import difflib

    nearest = difflib.get_close_matches(str(answer)[:100].lower(), options, 1)
    return f" Did you mean {nearest[0]}?" if nearest else ""


def _refuse(sentences: Iterable[str]) -> None:
    if sentences:
        sys.exit("\n".join(sentences))


def _leave(code: int) -> None:
    print("Nothing was written.", file=sys.stderr)
    sys.exit(code)


def _in_repository(folder: str) -> bool:
    path = Path(folder).resolve()
    return any((parent / ".git").exists() for parent in [path, *path.parents])


# The terminal


@functools.cache
def _menus() -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    try:
        import questionary  # noqa: F401 (here, because it takes as long as making a service)
    except ImportError:
        return False
    return True


def _menu(message: str, labels: dict[str, str], default: str, keys: dict[str, object]) -> object:
    import questionary

    choices = [questionary.Choice(_wrapped(label, margin=4, indent=5), value) for value, label in labels.items()]
    message = _wrapped(message + (" (Esc goes back)" if "escape" in keys else ""), margin=3)
    style = questionary.Style(STYLE)
    menu = questionary.select(message, choices, default, instruction=" ", style=style, erase_when_done=True)
    return _answer(menu, keys)


def _answer(question, keys: dict[str, object]) -> object:
    """Return the answer to the question, or what one of the `keys` stands for."""
    from prompt_toolkit.filters import Always
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    bindings = KeyBindings()
    for key, result in keys.items():
        bindings.add(key, eager=True)(lambda event, result=result: event.app.exit(result=result))
    question.application.key_bindings = merge_key_bindings([question.application.key_bindings, bindings])
    question.application.ttimeoutlen = 0.1  # how long an Esc may be the beginning of an arrow key
    for window in question.application.layout.find_all_windows():
        window.dont_extend_height = Always()  # the rule stands below the field, not at the end of the terminal
    try:
        return question.unsafe_ask()
    except (KeyboardInterrupt, EOFError):
        _leave(130)


def _show(what: str, text: str) -> None:
    print(_wrapped(text or "none", first=f"  {what:<15}", indent=17))


def _wrapped(text: str, first: str = "", indent: int = 0, margin: int = 0) -> str:
    columns = shutil.get_terminal_size().columns
    return textwrap.fill(
        text,
        max(columns - 1 - margin, 10),
        initial_indent=first,
        subsequent_indent=" " * min(indent, columns // 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
