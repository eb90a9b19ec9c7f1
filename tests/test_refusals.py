"""A bad answer is refused in a sentence that says what would do, and nothing is left behind."""

from __future__ import annotations

import subprocess

import pytest
from support.services import QUESTIONS, ROOT

RULES = QUESTIONS["_rules"]
BAD = {
    "project_name": ["", " ", "two\nlines", "trailing ", "next\x85line", "x" * 201],
    "project_slug": ["Order", "order_service", "-order", "order-", "order.service", "órder", "a" * 64, "../up", "con"],
    "description": ["a\ttab", "\udcff", "\uffff", "x" * 201],
    "owner": ["", "Acme", "-acme", "acme-", "acme inc", "acme/", "a" * 129, "acme:latest", "con", "acme/nul.x"],
    "port": ["", "80", "1023", "65536", "99999", "http", "8080.0", "-8080", "08080", "8080 "],
    "base_registry": ["mirror", "https://mirror.corp.example", "mirror.corp.example/", "Mirror.example", "a.b/c d"],
}
GOOD = {
    "project_name": ["A", "Bestellungen für Köln", "注文 🚀"],
    "project_slug": ["a", "7", "order-service", "a--b", "a" * 63, "class", "json", "console"],
    "description": ['Ünïcode and "quotes"'],
    "owner": ["acme", "acme-inc", "acme/platform", "a.b_c", "7even", "console"],
    "port": ["1024", "8080", "65535"],
    "base_registry": [
        "",
        "localhost/mirror",
        "localhost:5000",
        "mirror.corp.example",
        "mirror.corp.example:5000/docker/hub",
    ],
}


def make(folder, *answers):
    """Run cookiecutter as a person would; return its exit code and all it printed."""
    command = ["cookiecutter", "--no-input", f"--output-dir={folder}", "--default-config", str(ROOT), *answers]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_every_rule_is_tried():
    assert BAD.keys() == GOOD.keys() == RULES.keys()


def test_every_example_in_a_rule_is_accepted(tmp_path):
    code, output = make(tmp_path, *(f"{name}={rule['example']}" for name, rule in RULES.items()))
    assert code == 0, output


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_bad_answer_is_refused(tmp_path, name, value):
    extra = [] if name == "project_slug" else ["project_slug=good"]
    code, output = make(tmp_path, f"{name}={value}", *extra)
    assert code != 0
    assert f"{name} is {value!r}" in output
    assert RULES[name]["rule"] in output
    assert f"{name}={RULES[name]['example']}" in output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in GOOD for value in GOOD[name]])
def test_good_answer_is_accepted(tmp_path, name, value):
    extra = [] if name == "project_slug" else ["project_slug=good"]
    code, output = make(tmp_path, f"{name}={value}", *extra)
    assert code == 0, output


def test_an_empty_short_name_is_refused(tmp_path):
    code, _ = make(tmp_path, "project_slug=")
    assert code != 0
    assert not list(tmp_path.iterdir())


def test_several_bad_answers_are_named_together(tmp_path):
    _, output = make(tmp_path, "port=80", "owner=Acme")
    assert "port is '80'" in output
    assert "owner is 'Acme'" in output


def test_choices_that_exclude_each_other_are_refused(tmp_path):
    code, output = make(tmp_path, "ci=gitlab", "updates=dependabot")
    assert code == 1
    assert output == "updates=dependabot makes sense only with ci=github or ci=none.\n"
    assert not list(tmp_path.iterdir())


def test_a_refusal_is_a_sentence_and_nothing_else(tmp_path):
    _, output = make(tmp_path, "port=80")
    assert output == f"port is '80', but it has to be {RULES['port']['rule']}. For example: port=8080\n"


def test_a_choice_that_does_not_exist_is_refused(tmp_path):
    code, output = make(tmp_path, "language=cobol")
    assert code != 0
    assert "cobol" in output
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_as_it_is(tmp_path):
    (tmp_path / "hello-service").mkdir()
    (tmp_path / "hello-service" / "main.go").write_text("mine\n")
    code, output = make(tmp_path)
    assert code != 0
    assert "already exists" in output
    assert [path.name for path in tmp_path.rglob("*")] == ["hello-service", "main.go"]
    assert (tmp_path / "hello-service" / "main.go").read_text() == "mine\n"
