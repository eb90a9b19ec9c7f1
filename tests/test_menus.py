"""Making a service at a terminal: menus where questionary is installed, cookiecutter's own prompts where it is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.answers import BAD, NAMES, RULES, image_of
from support.files import contents
from support.menus import ASKED, FIELDS, WRITE_IT, answer, option, question
from support.services import BASES, LANGUAGES, QUESTIONS, RECORDS, ROOT
from support.template import OLDEST_COOKIECUTTER, git
from support.terminal import CTRL_C, CTRL_D, DOWN, ENTER, ERASE, ESC, UP, Terminal

LEFT = "Nothing was written."


@pytest.fixture(scope="session")
def oldest(tmp_path_factory) -> Path:
    """A virtual environment with the oldest cookiecutter that is supported, and questionary."""
    path = tmp_path_factory.mktemp("oldest") / "venv"
    subprocess.run(["uv", "venv", "--quiet", f"--python={sys.executable}", path], check=True)
    python = f"--python={path / 'bin' / 'python'}"
    packages = [f"cookiecutter=={OLDEST_COOKIECUTTER}", "questionary"]
    subprocess.run(["uv", "pip", "install", "--quiet", python, *packages], check=True)
    return path / "bin" / "cookiecutter"


@pytest.fixture
def home(tmp_path) -> dict[str, str]:
    """The environment of somebody who never used cookiecutter."""
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def no_questionary(tmp_path) -> dict[str, str]:
    """An environment in which questionary cannot be imported."""
    (tmp_path / "without" / "questionary").mkdir(parents=True)
    (tmp_path / "without" / "questionary" / "__init__.py").write_text("raise ImportError\n")
    return {"PYTHONPATH": str(tmp_path / "without")}


@pytest.fixture
def out(tmp_path) -> Path:
    """The folder that services are made in."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def cookiecutter(out, home):
    """Start cookiecutter in a terminal."""

    def start(*arguments: str, program: object = "cookiecutter", columns: int = 80, **environment: str) -> Terminal:
        return Terminal(program, ROOT, f"--output-dir={out}", *arguments, columns=columns, **home, **environment)

    return start


@pytest.mark.parametrize("program", ["cookiecutter", "oldest", "cruft"])
def test_enter_all_the_way_makes_the_default_service(request, cookiecutter, bake, template, home, out, program):
    if program == "cruft":
        terminal = Terminal("cruft", "create", template, f"--output-dir={out}", **home)
    else:
        terminal = cookiecutter(program=request.getfixturevalue("oldest") if program == "oldest" else program)
    answer(terminal)
    terminal.press(ENTER)
    assert terminal.end() == 0, terminal.text
    made = contents(out / "hello-service")
    made.pop(Path(".cruft.json"), None)
    assert made == contents(bake().path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bases_are_shown_with_their_size_for_the_language_just_chosen(cookiecutter, language):
    terminal = cookiecutter()
    answer(terminal, until="runtime_base", language=option("language", language))
    for base in BASES:
        terminal.see(f"{QUESTIONS['__prompts__']['runtime_base'][base]} ({RECORDS[language]['sizes'][base]} MB)")
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_arrow_keys_choose_from_a_menu(cookiecutter, bake, out):
    terminal = cookiecutter()
    answer(terminal, until="runtime_base")
    terminal.press(DOWN, DOWN, UP, ENTER)
    terminal.see(f"runtime base {QUESTIONS['__prompts__']['runtime_base'][BASES[1]]}")
    terminal.press(*ENTER * (len(ASKED) - 1 - ASKED.index("runtime_base")))
    terminal.see(WRITE_IT)
    terminal.press("y")
    assert terminal.end() == 0, terminal.text
    assert contents(out / "hello-service") == contents(bake(runtime_base=BASES[1]).path)


def test_defaults_follow_from_earlier_answers(cookiecutter):
    terminal = cookiecutter()
    answer(terminal, until="project_slug", project_name=f"{ERASE}Größe & Co.{ENTER}")
    terminal.see(f"{question('project_slug')}: grosse-co")
    terminal.press(CTRL_C)
    assert terminal.end() == 130


@pytest.mark.parametrize("name", FIELDS)
def test_a_bad_answer_is_refused_while_it_is_typed(cookiecutter, name):
    rule = RULES[name]
    terminal = cookiecutter()
    answer(terminal, until=name)
    terminal.see(rule["rule"])
    # Blanks at the ends are taken off; control characters are keys.
    typed = [value for value in BAD[name] if value.strip() == value and value.isprintable()]
    for value in typed:
        terminal.press(ERASE, "x", ERASE, value)
        terminal.see(f"{question(name)}: {value}", rule["rule"], f"For example: {rule['example']}")
        terminal.press(ENTER)
        terminal.see(f"? {question(name)}")
    terminal.press(ERASE, rule["example"], ENTER)
    terminal.see(
        f"{name.replace('_', ' ')} {rule['example']}",
        f"? {question(ASKED[ASKED.index(name) + 1])}" if name != ASKED[-1] else WRITE_IT,
    )
    terminal.press(CTRL_C)
    assert terminal.end() == 130


# The same code asks for every text, and the same for every choice.
@pytest.mark.parametrize("step", ["project_name", "language", "the plan"])
def test_ctrl_c_writes_nothing(cookiecutter, out, step):
    terminal = cookiecutter()
    answer(terminal, until=step)
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert terminal.text.endswith(LEFT)
    assert not list(out.iterdir())


@pytest.mark.parametrize("program", ["oldest", "cruft"])
def test_ctrl_c_writes_nothing_under_another_program(request, cookiecutter, template, home, out, program, tmp_path):
    (tmp_path / "tmp").mkdir()
    if program == "cruft":
        terminal = Terminal(
            "cruft",
            "create",
            template,
            f"--output-dir={out}",
            **home,
            TMPDIR=str(tmp_path / "tmp"),
            PYTHONWARNINGS="ignore",
        )
    else:
        terminal = cookiecutter(program=request.getfixturevalue("oldest"), TMPDIR=str(tmp_path / "tmp"))
    answer(terminal, until="port")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert terminal.text.endswith(LEFT)
    assert not [*out.iterdir(), *(tmp_path / "tmp").iterdir()]


def test_the_end_of_input_writes_nothing(cookiecutter, out):
    terminal = cookiecutter()
    answer(terminal, until="port")
    terminal.press(ERASE, CTRL_D)
    assert terminal.end() == 130
    assert terminal.text.endswith(LEFT)
    assert not list(out.iterdir())


def test_the_plan_may_be_declined(cookiecutter, out):
    terminal = cookiecutter()
    answer(terminal)
    terminal.press("n")
    assert terminal.end() == 1
    assert terminal.text.endswith(LEFT)
    assert not list(out.iterdir())


@pytest.mark.parametrize("columns", [60, 120])
def test_the_plan_says_what_will_be_there(cookiecutter, out, columns):
    terminal = cookiecutter(columns=columns)
    keys = {name: option(name, QUESTIONS[name][-1]) for name in NAMES if name not in RULES}
    answer(terminal, owner=f"{ERASE}acme/web{ENTER}", **keys)
    base, language, ci = (QUESTIONS[name][-1] for name in ("runtime_base", "language", "ci"))
    image = image_of(owner="acme/web", ci=ci)
    terminal.see(f"image {image}, {RECORDS[language]['sizes'][base]} MB", "folder", "hello-service/")
    shown = terminal.text.partition("\n  files")[2].partition("\n? Write")[0]
    terminal.press(ENTER)
    assert terminal.end() == 0, terminal.text
    service = out / "hello-service"
    files = [path for path in service.rglob("*") if path.is_file()]
    number, names = shown.split(":", 1)
    assert int(number) == len(files)
    assert {name.strip() for name in names.split(",")} == {
        path.name + "/" * path.is_dir() for path in service.iterdir()
    }


@pytest.mark.parametrize("columns", [40, 60])
def test_no_word_is_broken_in_a_narrow_terminal(cookiecutter, columns):
    terminal = cookiecutter(columns=columns)
    for name in ASKED:
        texts = [question(name)]
        if name in RULES:
            texts.append(RULES[name]["rule"])
        else:
            texts += (QUESTIONS["__prompts__"][name][value] for value in QUESTIONS[name])
        terminal.see("?", *texts)
        missing = {word for text in texts for word in text.split()} - set(terminal.text.replace(":", "").split())
        assert not {word for word in missing if ":" not in word}, terminal.text
        terminal.press(ENTER)
    terminal.see(WRITE_IT)
    assert "and make it a git repository" in " ".join(terminal.text.split())
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_esc_goes_back_and_no_answer_is_lost(cookiecutter, bake, out):
    terminal = cookiecutter()
    answer(terminal, until="language", description=f"{ERASE}Keeps orders.{ENTER}", owner=f"{ERASE}initech{ENTER}")
    terminal.press(ESC)
    terminal.see(f"? {question('owner')}: initech")
    terminal.press(ESC)
    terminal.see(f"? {question('description')}: Keeps orders.")
    terminal.press(ERASE, "Takes orders.", ENTER)
    terminal.see(f"? {question('owner')}: initech")
    terminal.press(ENTER)
    terminal.see(f"? {question('language')}")
    terminal.press(option("language", LANGUAGES[-1]))
    terminal.see(f"? {question('runtime_base')}")
    terminal.press(ESC)
    terminal.see(f"? {question('language')}", f"» {QUESTIONS['__prompts__']['language'][LANGUAGES[-1]]}")
    terminal.press(*ENTER * len(ASKED[ASKED.index("language") :]))
    terminal.see(WRITE_IT)
    terminal.press(ENTER)
    assert terminal.end() == 0, terminal.text
    made = bake(description="Takes orders.", owner="initech", language=LANGUAGES[-1])
    assert contents(out / "hello-service") == contents(made.path)


def change(terminal: Terminal, name: str, keys: str) -> None:
    """Change an answer at the plan."""
    terminal.press(UP, UP, ENTER)
    terminal.see("? Which one?")
    terminal.press(DOWN * NAMES.index(name), ENTER)
    terminal.see(f"? {question(name)}")
    terminal.press(keys)


def test_an_answer_can_be_changed_at_the_plan(cookiecutter, bake, out):
    terminal = cookiecutter()
    answer(terminal, updates=option("updates", "dependabot"))
    change(terminal, "port", f"{ERASE}9001{ENTER}")
    terminal.see("port 9001", WRITE_IT)
    # What no longer makes sense changes with it, what follows follows.
    change(terminal, "ci", DOWN + ENTER)
    terminal.see("ci GitLab CI", "updates Renovate", f"image {image_of(ci='gitlab')}", WRITE_IT)
    change(terminal, "project_name", f"{ERASE}Order Service{ENTER}")
    terminal.see("order-service/", WRITE_IT)
    terminal.press(ENTER)
    assert terminal.end() == 0, terminal.text
    made = bake(port="9001", ci="gitlab", project_name="Order Service")
    assert contents(out / "order-service") == contents(made.path)


def test_an_existing_folder_is_reported_when_its_name_is_entered(cookiecutter, out):
    (out / "hello-service").mkdir()
    terminal = cookiecutter()
    answer(terminal, until="project_slug")
    terminal.see("already exists", "-f -s")
    terminal.press(ENTER)
    terminal.see("already exists", f"? {question('project_slug')}")
    terminal.press(ERASE, "another", ENTER)
    terminal.see("project slug another", f"? {question('description')}")
    terminal.press(CTRL_C)
    assert terminal.end() == 130


@pytest.mark.usefixtures("no_questionary")
def test_without_questionary_an_existing_folder_ends_the_questions(cookiecutter, no_questionary, out):
    (out / "hello-service").mkdir()
    terminal = cookiecutter(**no_questionary)
    for name in ("project_name", "project_slug"):
        terminal.see(question(name))
        terminal.press(ENTER)
    assert terminal.end() == 1
    terminal.see("already exists")


def test_a_first_commit_is_made_with_the_plan(cookiecutter, out, tmp_path):
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Test\n\temail = test@example.com\n")
    terminal = cookiecutter(GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))
    answer(terminal)
    terminal.press(DOWN, ENTER)
    assert terminal.end() == 0, terminal.text
    assert git(out / "hello-service", "log", "--format=%s") == "A new service"
    assert not git(out / "hello-service", "status", "--porcelain")


def test_no_color(cookiecutter):
    terminal = cookiecutter(NO_COLOR="1")
    answer(terminal)
    terminal.press("n")
    terminal.end()
    codes = [int(code) for codes in re.findall(r"\x1b\[([\d;]*)m", terminal.raw) for code in codes.split(";") if code]
    assert not [code for code in codes if code in {*range(30, 39), *range(40, 49), *range(90, 108)}]


@pytest.mark.parametrize("program", ["cookiecutter", "oldest"])
def test_without_questionary_cookiecutter_asks_the_same(request, cookiecutter, no_questionary, bake, out, program):
    terminal = cookiecutter(
        program=request.getfixturevalue("oldest") if program == "oldest" else program, **no_questionary
    )
    for number, name in enumerate(NAMES, 1):
        terminal.see(f"[{number}/{len(NAMES)}] {question(name)}")
        if name not in RULES:
            terminal.see(
                *(f"{i} - {QUESTIONS['__prompts__'][name][value]}" for i, value in enumerate(QUESTIONS[name], 1))
            )
        if name == "runtime_base":
            terminal.see(*(f"({size} MB)" for size in RECORDS[LANGUAGES[0]]["sizes"].values()))
        terminal.press("2\r" if name == "runtime_base" else ENTER)
    assert terminal.end() == 0, terminal.text
    assert contents(out / "hello-service") == contents(bake(runtime_base=BASES[1]).path)


def test_without_questionary_the_hook_refuses(cookiecutter, no_questionary, out):
    terminal = cookiecutter(**no_questionary)
    for name in NAMES:
        terminal.see(question(name))
        terminal.press(f"80{ENTER}" if name == "port" else ENTER)
    assert terminal.end() == 1
    terminal.see(f"port is '80', but it has to be {RULES['port']['rule']}")
    assert not list(out.iterdir())


def test_without_questionary_ctrl_c_writes_nothing(cookiecutter, no_questionary, out):
    terminal = cookiecutter(**no_questionary)
    terminal.see(question("project_name"))
    time.sleep(1)  # the question is there before cookiecutter listens: a signal in between is lost
    terminal.press(CTRL_C)
    assert terminal.end() == 1
    assert not list(out.iterdir())


def test_a_dumb_terminal_gets_plain_prompts(cookiecutter):
    terminal = cookiecutter(TERM="dumb")
    terminal.see(f"[1/{len(NAMES)}] {question('project_name')}")
    terminal.press(CTRL_C)
    assert terminal.end() == 1


def test_without_a_terminal_lines_are_read_from_stdin(bake, home, out):
    lines = "".join("9001\n" if name == "port" else "\n" for name in NAMES)
    command = ["cookiecutter", str(ROOT), f"--output-dir={out}"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, env={**os.environ, **home})
    assert done.returncode == 0, done.stderr
    assert contents(out / "hello-service") == contents(bake(port="9001").path)


def test_without_a_terminal_and_without_answers_it_says_what_to_type(home, out):
    command = ["cookiecutter", str(ROOT), f"--output-dir={out}"]
    done = subprocess.run(command, input="", capture_output=True, text=True, env={**os.environ, **home})
    assert done.returncode == 1
    assert "Add --no-input" in done.stderr
    assert not list(out.iterdir())


def test_no_input_asks_nothing(cookiecutter, bake, out):
    terminal = cookiecutter("--no-input", "port=9001")
    assert terminal.end() == 0
    assert "?" not in terminal.text
    assert contents(out / "hello-service") == contents(bake(port="9001").path)


def test_a_replay_asks_nothing(cookiecutter, bake, out, home):
    terminal = cookiecutter("--no-input", "port=9001", "project_slug=first")
    assert terminal.end() == 0
    (recorded,) = Path(home["HOME"], ".cookiecutter_replay").iterdir()
    recorded.write_text(recorded.read_text().replace('"first"', '"hello-service"').replace("/first", "/hello-service"))
    terminal = cookiecutter("--replay")
    assert terminal.end() == 0
    assert "?" not in terminal.text
    assert contents(out / "hello-service") == contents(bake(port="9001").path)


def test_a_replay_asks_for_what_is_missing(cookiecutter, bake, out, tmp_path):
    (tmp_path / "replay.json").write_text(json.dumps({"cookiecutter": {"project_name": "Orders", "language": "node"}}))
    terminal = cookiecutter(f"--replay-file={tmp_path / 'replay.json'}")
    for name in ASKED:
        if name not in ("project_name", "language"):
            terminal.see(f"? {question(name)}")
            terminal.press(ENTER)
    terminal.see(WRITE_IT)
    terminal.press(ENTER)
    assert terminal.end() == 0, terminal.text
    assert contents(out / "orders") == contents(bake(project_name="Orders", language="node").path)


def test_what_the_command_line_says_is_not_asked_again(cookiecutter):
    terminal = cookiecutter(f"language={LANGUAGES[-1]}", "port=9001")
    for name in ASKED:
        if name not in ("language", "port"):
            terminal.see(f"? {question(name)}")
            terminal.press(ENTER)
    terminal.see(f"language {QUESTIONS['__prompts__']['language'][LANGUAGES[-1]]}", "port 9001", WRITE_IT)
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_what_makes_no_sense_is_not_asked(cookiecutter):
    terminal = cookiecutter()
    answer(terminal, until="ci")
    terminal.press(option("ci", "gitlab"))
    following = ASKED[ASKED.index("updates") + 1]
    terminal.see(f"updates {QUESTIONS['__prompts__']['updates']['renovate']}", f"? {question(following)}")
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_a_bad_answer_on_the_command_line_is_asked_again(cookiecutter):
    terminal = cookiecutter("port=80")
    answer(terminal, until="port")
    terminal.see("80", RULES["port"]["rule"])
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_defaults_of_the_user_are_offered(cookiecutter, home):
    rc = {"default_context": {"owner": "umbrella", "runtime_base": BASES[-1]}}
    Path(home["HOME"], ".cookiecutterrc").write_text(json.dumps(rc))
    terminal = cookiecutter()
    answer(terminal, until="owner")
    terminal.see("umbrella")
    terminal.press(*ENTER * (len(ASKED) - ASKED.index("owner")))
    base = QUESTIONS["__prompts__"]["runtime_base"][BASES[-1]]
    terminal.see(f"runtime base {base}", f"image {image_of(owner='umbrella')}", WRITE_IT)
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_the_picture_shows_what_is_asked_today():
    sys.path.insert(0, str(ROOT / "docs"))
    import record

    assert (ROOT / "docs" / "menu.svg").read_text(encoding="utf-8") == record.record(), "run docs/record.py again"


def test_every_question_has_a_label():
    asked = [name for name in QUESTIONS if not name.startswith("_")]
    assert asked == NAMES
    for name in asked:
        if isinstance(QUESTIONS[name], list):
            assert list(QUESTIONS["__prompts__"][name]) == ["__prompt__", *QUESTIONS[name]]
        else:
            assert name in RULES
    assert RECORDS.keys() == set(LANGUAGES)
    assert all(record["sizes"].keys() == set(BASES) for record in RECORDS.values())
